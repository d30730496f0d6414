"""Rows with common beginnings: the same scores, with less computed."""

import numpy as np
import pytest

from fakes import ConstantModel, HashModel
from families import CASES
from nextword.base import DivergedError
from nextword.evaluation import shared_prefix_log_probs
from nextword.evaluation.row_log_probs import row_log_probs


def rows_of(*rows: list[int]) -> list[np.ndarray]:
    return [np.array(row, dtype=np.int64) for row in rows]


@pytest.mark.parametrize("name", ["lstm-2-tied", "ngram-3-kneser_ney", "transformer-2"])
def test_scores_are_those_of_single_rows(name: str) -> None:
    model = CASES[name].build(0)
    generator = np.random.default_rng(0)
    rows = [generator.integers(3, model.vocab_size, size) for size in (0, 1, 7, 3, 7)]
    rows += [np.concatenate([rows[2][:4], rows[3]]), rows[2], rows[2][:2]]

    scores = shared_prefix_log_probs(model, rows)

    for row, found in zip(rows, scores.log_probs, strict=True):
        expected = row_log_probs(model, [row])[0] if len(row) else np.zeros(0)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_common_beginnings_are_computed_once() -> None:
    rows = rows_of([4, 5, 6], [4, 5, 7], [4, 5, 6, 4], [5, 5, 6])

    scores = shared_prefix_log_probs(HashModel(9), rows)

    assert scores.num_tokens == 13
    assert scores.num_computed == 8
    assert scores.log_probs[0].tolist() == scores.log_probs[2][:3].tolist()
    assert scores.log_probs[0][2] != scores.log_probs[3][2]


def test_no_rows_have_no_scores() -> None:
    scores = shared_prefix_log_probs(HashModel(9), [])

    assert (scores.log_probs, scores.num_computed) == ((), 0)


def test_nan_is_refused() -> None:
    with pytest.raises(DivergedError, match="returns NaN"):
        shared_prefix_log_probs(ConstantModel([float("nan")] * 5), rows_of([4]))
