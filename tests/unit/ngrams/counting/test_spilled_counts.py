import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import random_text, store_of, tokenizer_of
from nextword.base import ConfigError
from nextword.ngrams import (
    NgramCounts,
    Sentences,
    count_ngrams,
    count_spilling,
    kneser_ney,
    sentences_of,
)
from strategies import sentences as texts

MEMORY_BYTES = 4096


def assert_same(actual: NgramCounts, expected: NgramCounts) -> None:
    assert actual.order == expected.order
    np.testing.assert_array_equal(actual.appearance, expected.appearance)
    for mine, theirs in zip(actual.orders, expected.orders, strict=True):
        np.testing.assert_array_equal(mine.keys, theirs.keys)
        np.testing.assert_array_equal(mine.counts, theirs.counts)
        np.testing.assert_array_equal(mine.suffixes, theirs.suffixes)


def sample(text: str, kind: str = "word", *, skip_unknown: bool = False) -> Sentences:
    tokenizer = tokenizer_of(text, kind=kind)
    store = store_of(tokenizer, text, text[: len(text) // 2])
    return sentences_of(store, tokenizer, skip_unknown=skip_unknown)


@pytest.mark.parametrize("kind", ["word", "character"])
@pytest.mark.parametrize("skip_unknown", [False, True])
def test_count_spilling_many_runs_equals_in_memory(
    kind: str, skip_unknown: bool, tmp_path: Path
) -> None:
    sentences = sample(random_text(40, seed=3), kind, skip_unknown=skip_unknown)

    spilled = count_spilling(sentences, order=5, folder=tmp_path, memory_bytes=MEMORY_BYTES)

    assert_same(spilled, count_ngrams(sentences, order=5))


@settings(max_examples=20)
@given(texts(3, max_lines=40), st.integers(1, 4))
def test_count_spilling_any_text_equals_in_memory(text: str, order: int) -> None:
    sentences = sample(text + "w0 w1 w2\n")
    with tempfile.TemporaryDirectory() as folder:
        spilled = count_spilling(
            sentences, order=order, folder=Path(folder), memory_bytes=MEMORY_BYTES
        )

        assert_same(spilled, count_ngrams(sentences, order=order))


def test_count_spilling_reports_the_tokens_of_each_order(tmp_path: Path) -> None:
    seen: dict[str, list[int]] = {}

    def note(stage: str, done: int, *, total: int | None = None) -> None:
        seen.setdefault(stage, []).append(done)
        assert total == counts_in_memory.of(1).counts.sum()

    sentences = sample(random_text(50))
    counts_in_memory = count_ngrams(sentences, order=3)
    count_spilling(sentences, order=3, folder=tmp_path, memory_bytes=MEMORY_BYTES, on_progress=note)

    total = int(counts_in_memory.of(1).counts.sum())
    assert list(seen) == [
        "counting the n-grams of order 2 of 3, tokens",
        "counting the n-grams of order 3 of 3, tokens",
    ]
    for done in seen.values():
        assert len(done) > 1
        assert done == sorted(done)
        assert done[-1] == total


def test_count_spilling_leaves_no_file(tmp_path: Path) -> None:
    counts = count_spilling(
        sample(random_text(50)), order=3, folder=tmp_path, memory_bytes=MEMORY_BYTES
    )

    assert not list(tmp_path.iterdir())
    assert counts.of(3).counts.sum() > 0


@settings(max_examples=20)
@given(
    texts(3, max_lines=40),
    st.integers(1, 4),
    st.sampled_from([(), (0, 0, 1), (0, 1)]),
)
def test_kneser_ney_of_spilled_counts_is_equal_to_the_bit(
    text: str, order: int, prune: tuple[int, ...]
) -> None:
    sentences = sample(text + "w0 w1 w2\n")
    options = {"never_ids": (0, 2), "prune": prune[:order]}
    expected = kneser_ney(count_ngrams(sentences, order=order), **options)
    with tempfile.TemporaryDirectory() as folder:
        counts = count_spilling(
            sentences, order=order, folder=Path(folder), memory_bytes=MEMORY_BYTES
        )

        actual = kneser_ney(counts, **options)

    assert actual.discounts == expected.discounts
    arrays = actual.tables.arrays()
    for name, values in expected.tables.arrays().items():
        assert arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(arrays[name], values)


def test_count_spilling_too_little_memory_is_refused(tmp_path: Path) -> None:
    message = "memory_bytes is 4095; it must be at least 4,096."
    with pytest.raises(ConfigError, match=re.escape(message)):
        count_spilling(sample("a b\n"), order=2, folder=tmp_path, memory_bytes=4095)


def test_count_spilling_order_above_the_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("model.order is 5, but the longest sentence")):
        count_spilling(sample("a b\n"), order=5, folder=tmp_path, memory_bytes=MEMORY_BYTES)
