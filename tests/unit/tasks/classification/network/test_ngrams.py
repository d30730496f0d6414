"""Slots of the n-grams of a text."""

import numpy as np
import pytest

from nextword.tasks.classification.network.ngrams import NgramHasher

SIZE = 1 << 20
SLOTS = [94970, 154968, 159647, 382004, 509056, 560924, 587016, 801063]


def hasher_of(*, words: int = 0, characters: int = 0) -> NgramHasher:
    return NgramHasher(words=words, characters=characters, table_size=SIZE)


def test_slots_are_one_for_each_different_ngram_of_words() -> None:
    words = ["a", "b", "a", "b", "c"]
    ngrams = {tuple(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}

    slots = hasher_of(words=3).slots(words)

    assert len(slots) == len(ngrams)
    assert slots.min() >= 0
    assert slots.max() < SIZE


def test_slots_are_one_for_each_different_ngram_of_characters() -> None:
    pieces = {
        w[i : i + n] for w in ("<abab>", "<ab>") for n in (3, 4) for i in range(len(w) - n + 1)
    }

    assert len(hasher_of(characters=4).slots(["abab", "ab"])) == len(pieces)


def test_slots_of_ngrams_of_words_and_characters_are_different() -> None:
    both = hasher_of(words=2, characters=3).slots(["abc", "de"])
    apart = [hasher_of(words=2), hasher_of(characters=3)]

    found = np.concatenate([hasher.slots(["abc", "de"]) for hasher in apart])

    assert sorted(found.tolist()) == both.tolist()


def test_slots_depend_on_the_order_of_words() -> None:
    hasher = hasher_of(words=2)

    assert set(hasher.slots(["not", "good"])) != set(hasher.slots(["good", "not"]))


def test_slots_are_the_same_in_every_process() -> None:
    # Stored weights belong to these slots: another hash would make every saved model useless.
    assert hasher_of(words=2, characters=3).slots(["so", "gut"]).tolist() == SLOTS


@pytest.mark.parametrize("words", [[], ["\ud800"], ["x" * 100_000]])
def test_slots_of_odd_words(words: list[str]) -> None:
    assert len(hasher_of(words=2, characters=5).slots(words)) < 200


def test_hasher_without_ngrams_has_no_slots() -> None:
    assert len(hasher_of().slots(["a"])) == 0


def test_slots_do_not_change_when_the_cache_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextword.tasks.classification.network.ngrams._MAX_CACHED_WORDS", 2)
    hasher, words = hasher_of(words=2, characters=4), ["one", "two", "three", "four", "five"]

    assert hasher.slots(words).tolist() == hasher.slots(words).tolist()
