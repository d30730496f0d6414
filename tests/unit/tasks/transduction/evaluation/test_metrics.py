"""Edit distances against the definition, references, F1, and the scores of sacrebleu."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.tasks.transduction.evaluation.metrics import (
    ErrorCount,
    closest_errors,
    corpus_scores,
    edit_distance,
    overlap_f1,
)

TEXTS = st.text(alphabet="abc", max_size=7)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@given(TEXTS, TEXTS)
def test_edit_distance_equals_its_recursion(first: str, second: str) -> None:
    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        substituted = distance(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(substituted, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    assert edit_distance(first, second) == distance(len(first), len(second))


def test_edit_distance_of_long_sequences_is_quick() -> None:
    assert edit_distance("ab" * 2500, "ba" * 2500) == 2


def test_closest_errors_takes_the_closest_reference() -> None:
    found = closest_errors("a b c", ["x y", "a b d e"], split=words)

    assert found == ErrorCount(num_edits=2, num_symbols=4)


def test_closest_errors_of_equally_close_references_takes_the_shortest() -> None:
    found = closest_errors("a b", ["a b c", "a"], split=words)

    assert found == ErrorCount(num_edits=1, num_symbols=1)


def test_closest_errors_of_an_empty_prediction_are_all_symbols() -> None:
    found = closest_errors("", ["a b c"], split=words)

    assert found == ErrorCount(num_edits=3, num_symbols=3)


@pytest.mark.parametrize(
    ("predicted", "references", "expected"),
    [("a b", ["b a"], 1.0), ("a a", ["a"], 2 / 3), ("x", ["a", "x y"], 2 / 3), ("", ["a"], 0.0)],
)
def test_overlap_f1(predicted: str, references: list[str], expected: float) -> None:
    assert overlap_f1(predicted, references, split=words) == pytest.approx(expected)


def test_corpus_scores_of_a_perfect_translation_are_100() -> None:
    pytest.importorskip("sacrebleu")
    texts = ["the cat sat on the mat", "a dog"]

    bleu, chrf = corpus_scores(texts, [["the cat sat on the mat", "another"], ["a dog"]])

    assert (bleu.value, chrf.value) == (pytest.approx(100.0), pytest.approx(100.0))
    assert "version:" in bleu.signature
    assert "version:" in chrf.signature
