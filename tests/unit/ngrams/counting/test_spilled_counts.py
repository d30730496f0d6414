import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import random_text, store_of, tokenizer_of
from nextword.base import ConfigError
from nextword.ngrams import NgramCounts, Sentences, count_ngrams, count_spilling, sentences_of
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


def test_count_spilling_removes_its_runs(tmp_path: Path) -> None:
    count_spilling(sample(random_text(50)), order=3, folder=tmp_path, memory_bytes=MEMORY_BYTES)

    assert not list(tmp_path.glob("run-*"))


def test_count_spilling_too_little_memory_is_refused(tmp_path: Path) -> None:
    message = "memory_bytes is 4095; it must be at least 4,096."
    with pytest.raises(ConfigError, match=re.escape(message)):
        count_spilling(sample("a b\n"), order=2, folder=tmp_path, memory_bytes=4095)


def test_count_spilling_order_above_the_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("model.order is 5, but the longest sentence")):
        count_spilling(sample("a b\n"), order=5, folder=tmp_path, memory_bytes=MEMORY_BYTES)
