import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_features import naive_ngrams_of
from naive_ngrams import Ngram, split_sentences
from nextword.base import FormatError
from nextword.ngrams import (
    Successors,
    count_ngrams,
    no_successors,
    sentences_of,
    successors_of,
)
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")
VOCAB_SIZE = TOKENIZER.vocab_size


def found(text: str, *, order: int, min_count: int = 1) -> Successors:
    sentences = sentences_of(store_of(TOKENIZER, text), TOKENIZER)
    counts = count_ngrams(sentences, order=min(order, sentences.longest))
    return successors_of(counts, order=order, min_count=min_count)


def naive(text: str, *, order: int, min_count: int = 1) -> set[Ngram]:
    store = store_of(TOKENIZER, text)
    starts = store.unit_starts("line", TOKENIZER.line_end_ids)[:-1].tolist()
    sentences = split_sentences(store.ids.tolist(), starts)
    return set(naive_ngrams_of(sentences, order=order, min_count=min_count))


def spelled(successors: Successors) -> set[Ngram]:
    """The n-grams of all orders as ids."""
    below: list[Ngram] = [(token_id,) for token_id in range(successors.vocab_size)]
    ngrams: set[Ngram] = set()
    for keys in successors.keys:
        pairs = (divmod(int(key), successors.vocab_size) for key in keys)
        below = [(*below[context], word) for context, word in pairs]
        ngrams |= set(below)
    return ngrams


@given(texts(4), st.integers(1, 9), st.integers(1, 3))
def test_successors_are_those_of_a_loop(text: str, order: int, min_count: int) -> None:
    successors = found(text, order=order, min_count=min_count)

    assert successors.order == order
    assert spelled(successors) == naive(text, order=order, min_count=min_count)


@given(texts(4), texts(4))
def test_merged_are_the_ngrams_of_both(text: str, other: str) -> None:
    merged = found(text, order=4).merged(found(other, order=4))

    assert spelled(merged) == naive(text, order=4) | naive(other, order=4)
    assert all(np.all(np.diff(keys) > 0) for keys in merged.keys)


def test_merged_with_nothing_is_the_same() -> None:
    successors, nothing = found("w0 w1\n", order=3), no_successors(order=3, vocab_size=VOCAB_SIZE)

    assert spelled(successors.merged(nothing)) == spelled(successors)
    assert spelled(nothing.merged(successors)) == spelled(successors)


def test_starts_are_where_the_list_of_each_context_begins() -> None:
    successors = found("w0 w1 w0 w2\n", order=3)

    starts, keys = successors.starts(2), successors.keys[0]

    lists = [(keys[begin:end] % VOCAB_SIZE).tolist() for begin, end in itertools.pairwise(starts)]
    w0, w1, w2 = (int(TOKENIZER.encode(word).ids[0]) for word in ("w0", "w1", "w2"))
    expected = {2: [w0], w0: sorted([w1, w2]), w1: [w0], w2: [3]}
    assert lists == [expected.get(context, []) for context in range(VOCAB_SIZE)]
    assert len(successors.starts(3)) == len(keys) + 1


@given(texts(4), st.integers(1, 5))
def test_arrays_give_the_same_back(text: str, order: int) -> None:
    successors = found(text, order=order)

    back = Successors.from_arrays(
        successors.arrays(), order=order, vocab_size=VOCAB_SIZE, source="file"
    )

    assert spelled(back) == spelled(successors)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"keys.3": None}, "keys.3 is missing or unexpected for order 3"),
        ({"keys.4": np.zeros(0, dtype=np.int64)}, "keys.4 is missing or unexpected for order 3"),
        ({"keys.2": np.zeros(1, dtype=np.int32)}, "keys.2 has dtype int32 and shape [1]"),
        ({"keys.2": np.array([5, 4])}, "the n-grams of order 2 are not sorted"),
        ({"keys.2": np.array([VOCAB_SIZE**2])}, "the n-grams of order 2 are not sorted"),
        ({"keys.3": np.array([-1])}, "the n-grams of order 3 are not sorted"),
    ],
)
def test_arrays_that_are_damaged_are_refused(
    changed: dict[str, np.ndarray | None], message: str
) -> None:
    arrays = {**found("w0 w1 w2\n", order=3).arrays(), **changed}
    arrays = {name: array for name, array in arrays.items() if array is not None}

    message = f"file has damaged n-gram features: {message}"

    with pytest.raises(FormatError, match=re.escape(message)):
        Successors.from_arrays(arrays, order=3, vocab_size=VOCAB_SIZE, source="file")
