from collections import Counter
from itertools import pairwise

import pytest

from nextword.benchmarking import NgramSizes
from nextword.benchmarking.ngrams import made_texts

SIZES = NgramSizes(vocab_size=500, num_train_tokens=20_000, num_test_tokens=4_000)


def test_made_texts_are_always_the_same_and_differ_from_each_other() -> None:
    train, test = made_texts(SIZES)

    assert made_texts(SIZES) == (train, test)
    assert not set(train.splitlines()) & set(test.splitlines())


@pytest.mark.parametrize("which", [0, 1])
def test_made_texts_have_about_the_numbers_of_tokens(which: int) -> None:
    text = made_texts(SIZES)[which]

    num_tokens = len(text.split()) + text.count("\n")
    assert num_tokens == pytest.approx((20_000, 4_000)[which], rel=0.05)
    assert text.endswith("\n")
    assert all(10 <= len(line.split()) <= 28 for line in text.splitlines())


def test_made_texts_words_follow_zipf_and_depend_on_the_word_before() -> None:
    train, _ = made_texts(SIZES)

    words = train.split()
    counts = Counter(words)
    [(_, first), (_, second)] = counts.most_common(2)
    assert first > second > 10 * len(words) / SIZES.vocab_size
    # Independent words would repeat their pairs far less often than their most common successor.
    after = Counter(b for a, b in pairwise(words) if a == "cu")
    assert after.most_common(1)[0][1] > 2 * counts["cu"] * first / len(words)
