"""Exact match and F1 on cases worked out by hand from SQuAD's script."""

import pytest

from nextword.tasks.reading.scoring import answer_f1, exact_match, normalize_answer


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("The Kitchen", "kitchen"),
        ("  a   cat,  an owl and the  dog. ", "cat owl and dog"),
        ("U.S.A.", "usa"),
        # Only ASCII punctuation is removed, and "theatre" does not contain an article.
        ("the theatre \u201cParis\u201d", "theatre \u201cparis\u201d"),
        ("The the", ""),
        ("state-of-the-art", "stateoftheart"),
    ],
)
def test_normalize_answer(text: str, normalized: str) -> None:
    assert normalize_answer(text) == normalized


@pytest.mark.parametrize(
    ("answer", "references", "is_exact"),
    [
        ("the Kitchen!", ["kitchen"], True),
        ("kitchen", ["garden", "A kitchen"], True),
        ("big kitchen", ["kitchen"], False),
        ("the", ["a"], True),
    ],
)
def test_exact_match(answer: str, references: list[str], is_exact: bool) -> None:
    assert exact_match(answer, references) is is_exact


@pytest.mark.parametrize(
    ("answer", "references", "f1"),
    [
        ("the kitchen", ["kitchen"], 1.0),
        # precision 1/3, recall 1/1: "in", "big", "kitchen" against "kitchen"
        ("in the big kitchen", ["the kitchen"], 0.5),
        # precision 2/2, recall 2/4
        ("red cup", ["the red cup of Anna"], 2 * 1.0 * 0.5 / 1.5),
        # A repeated word counts as often as both have it: 1 common, precision 1/2, recall 1/1
        ("cup cup", ["cup"], 2 * 0.5 * 1.0 / 1.5),
        # The best reference counts: against "blue cup" 1/2, against "cup" 2/3
        ("red cup", ["blue cup", "cup"], 2 / 3),
        ("hat", ["cup"], 0.0),
        # Both are empty after normalization; without a common word the script gives 0.
        ("the", ["a"], 0.0),
    ],
)
def test_answer_f1(answer: str, references: list[str], f1: float) -> None:
    assert answer_f1(answer, references) == pytest.approx(f1)
