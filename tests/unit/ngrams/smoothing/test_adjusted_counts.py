import numpy as np
import pytest

from fakes import store_of, tokenizer_of
from naive_ngrams import spelled
from nextword.ngrams import count_ngrams, sentences_of
from nextword.ngrams.smoothing.adjusted_counts import (
    adjusted_counts,
    discount_counts,
    last_ngrams,
)
from nextword.ngrams.smoothing.discounts import count_histogram

TEXT = "w0 w1\nw2 w1\nw0 w1\nw1 w3\nw2 w3\nw2 w3\n"
TOKENIZER = tokenizer_of(TEXT)
COUNTS = count_ngrams(sentences_of(store_of(TOKENIZER, TEXT), TOKENIZER), order=3)


def of(counts: np.ndarray, *words: str) -> int:
    """The count of an n-gram by its words."""
    return int(counts[rank_of(*words)])


def rank_of(*words: str) -> int:
    """The rank of an n-gram by its words."""
    names = {"<s>": TOKENIZER.sentence_start_id, "</s>": TOKENIZER.sentence_end_id}
    ngram = tuple(names.get(word) or TOKENIZER.id_of(word) for word in words)
    return spelled(COUNTS, len(words)).index(ngram)


def test_adjusted_counts_below_the_top_are_the_words_that_came_before() -> None:
    assert of(adjusted_counts(COUNTS, 1), "w1") == 3  # after w0, w2 and <s>
    assert of(adjusted_counts(COUNTS, 2), "w0", "w1") == 1


def test_adjusted_counts_at_the_top_are_plain() -> None:
    assert of(adjusted_counts(COUNTS, 3), "<s>", "w0", "w1") == 2


def test_adjusted_counts_after_the_start_are_plain() -> None:
    assert of(adjusted_counts(COUNTS, 2), "<s>", "w2") == 3


def test_adjusted_counts_start_is_no_next_word() -> None:
    assert of(adjusted_counts(COUNTS, 1), "<s>") == 0


def test_last_ngrams_are_those_of_lmplz() -> None:
    # w3 appeared last, and of what came before it w2 did.
    assert last_ngrams(COUNTS) == [rank_of("w3"), rank_of("w2", "w3"), None]


@pytest.mark.parametrize(("order", "words"), [(1, ("w3",)), (2, ("w2", "w3"))])
def test_discount_counts_last_ngram_of_lmplz_is_plain(order: int, words: tuple[str, ...]) -> None:
    adjusted = adjusted_counts(COUNTS, order)

    numbers = discount_counts(COUNTS, order, adjusted=adjusted, last=rank_of(*words))

    assert of(adjusted, *words) == order_adjusted(order)
    changed = adjusted.copy()
    changed[rank_of(*words)] += 1
    assert numbers.tolist() == count_histogram(changed).tolist()


def order_adjusted(order: int) -> int:
    """The adjusted count of the last n-gram; its plain count is larger by 1."""
    return {1: 2, 2: 1}[order]
