import numpy as np

from fakes import store_of, tokenizer_of
from naive_ngrams import spelled
from nextword.ngrams import count_ngrams, sentences_of
from nextword.ngrams.smoothing.adjusted_counts import adjusted_counts, discount_counts

TEXT = "w0 w1\nw2 w1\nw0 w1\nw1 w3\nw2 w3\nw2 w3\n"
TOKENIZER = tokenizer_of(TEXT)
COUNTS = count_ngrams(sentences_of(store_of(TOKENIZER, TEXT), TOKENIZER), order=3)


def of(counts: list[np.ndarray], *words: str) -> int:
    """The count of an n-gram by its words."""
    names = {"<s>": TOKENIZER.sentence_start_id, "</s>": TOKENIZER.sentence_end_id}
    ngram = tuple(names.get(word) or TOKENIZER.id_of(word) for word in words)
    return int(counts[len(words) - 1][spelled(COUNTS, len(words)).index(ngram)])


def test_adjusted_counts_below_the_top_are_the_words_that_came_before() -> None:
    adjusted = adjusted_counts(COUNTS)

    assert of(adjusted, "w1") == 3  # after w0, w2 and <s>
    assert of(adjusted, "w0", "w1") == 1


def test_adjusted_counts_at_the_top_are_plain() -> None:
    assert of(adjusted_counts(COUNTS), "<s>", "w0", "w1") == 2


def test_adjusted_counts_after_the_start_are_plain() -> None:
    assert of(adjusted_counts(COUNTS), "<s>", "w2") == 3


def test_adjusted_counts_start_is_no_next_word() -> None:
    assert of(adjusted_counts(COUNTS), "<s>") == 0


def test_discount_counts_last_ngram_of_lmplz_is_plain() -> None:
    adjusted = adjusted_counts(COUNTS)

    taken = discount_counts(COUNTS, adjusted)

    # w3 appeared last, and of what came before it w2 did.
    assert (of(adjusted, "w3"), of(taken, "w3")) == (2, 3)
    assert (of(adjusted, "w2", "w3"), of(taken, "w2", "w3")) == (1, 2)
    changed = [int((a != b).sum()) for a, b in zip(adjusted, taken, strict=True)]
    assert changed == [1, 1, 0]
