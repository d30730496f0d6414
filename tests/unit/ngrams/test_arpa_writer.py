import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_ngrams import naive_arpa
from nextword.base import DataError
from nextword.ngrams import (
    NgramTables,
    count_ngrams,
    kneser_ney,
    maximum_likelihood,
    read_arpa,
    sentences_of,
    write_arpa,
)
from nextword.tokens import Tokenizer
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")


def words_of(tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]


def estimated(text: str, *, order: int, prune: tuple[int, ...] = ()) -> NgramTables:
    counts = count_ngrams(sentences_of(store_of(TOKENIZER, text), TOKENIZER), order=order)
    return kneser_ney(counts, never_ids=TOKENIZER.never_ids, prune=prune).tables


def written(tables: NgramTables, words: list[str] | None = None) -> str:
    stream = io.StringIO()
    write_arpa(tables, stream, words=words_of(TOKENIZER) if words is None else words)
    return stream.getvalue()


@settings(max_examples=50)
@given(texts(4), st.integers(1, 4), st.sampled_from([(), (0, 1)]))
def test_write_arpa_read_again_loses_no_bit(text: str, order: int, prune: tuple[int, ...]) -> None:
    tables = estimated(text + "w0 w1 w2\n", order=order, prune=prune[:order])

    again = read_arpa(io.BytesIO(written(tables).encode()), name="model.arpa")

    assert list(again.words) == words_of(TOKENIZER)
    for name, values in again.tables.arrays().items():
        np.testing.assert_array_equal(values, tables.arrays()[name])


def test_write_arpa_random_numbers_lose_no_bit() -> None:
    generator = np.random.default_rng(0)
    tables = estimated("w0 w1\n", order=1)
    values = -np.exp(generator.normal(size=(3000, tables.vocab_size))).astype(np.float32)
    values[:, [0, 2]] = -np.inf
    for log_probs in values:
        changed = replace(tables, log_probs=(log_probs,))
        again = read_arpa(io.BytesIO(written(changed).encode()), name="model.arpa")
        np.testing.assert_array_equal(again.tables.log_probs[0], log_probs)


def test_write_arpa_has_the_parts_of_the_format() -> None:
    lines = written(estimated("w0\n", order=2)).splitlines()

    assert lines[:3] == ["\\data\\", "ngram 1=7", "ngram 2=2"]
    assert lines[4] == "\\1-grams:"
    assert lines[6].startswith("0\t<s>\t")
    assert lines[-1] == "\\end\\"


def test_write_arpa_impossible_is_written_as_minus_99() -> None:
    counts = count_ngrams(sentences_of(store_of(TOKENIZER, "w0\n"), TOKENIZER), order=2)

    entries = naive_arpa(written(maximum_likelihood(counts)))

    assert entries[("w1",)] == (-99.0, 0.0)
    assert entries[("w0",)][1] == -99.0


@pytest.mark.parametrize("word", ["", "a b", "a\n", "a\0"])
def test_write_arpa_word_with_a_separator_is_refused(word: str) -> None:
    words = [*words_of(TOKENIZER)[:-1], word]

    with pytest.raises(DataError, match=re.escape(f"token 7 is {word!r}; a word of an ARPA file")):
        written(estimated("w0\n", order=1), words)


def test_write_arpa_two_tokens_of_one_text_are_refused() -> None:
    words = [*words_of(TOKENIZER)[:-1], "w0"]

    with pytest.raises(DataError, match=re.escape("two tokens have the same text")):
        written(estimated("w0\n", order=1), words)
