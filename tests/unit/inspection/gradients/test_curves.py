"""Curves by lag: means, fitted factors and half-lives of norms that are known."""

import math

import pytest
import torch

from nextword.inspection.gradients import fitted_factor, lag_curve


def test_fitted_factor_leaves_lag_0_out() -> None:
    assert fitted_factor([100.0, 1.0, 0.5, 0.25]) == pytest.approx(0.5)


def test_fitted_factor_of_growing_norms_is_above_1() -> None:
    curve = lag_curve(torch.tensor([[1.0, 2.0, 4.0, 8.0]]), layer=1, part="state")

    assert curve.factor == pytest.approx(2.0)
    assert curve.half_life is None
    assert curve.ratio == pytest.approx(8.0)


@pytest.mark.parametrize("means", [[1.0], [1.0, 0.5], [1.0, 0.5, 0.0, 0.0], [1.0, 1e-40, 1e-41]])
def test_fitted_factor_of_fewer_than_two_norms_is_none(means: list[float]) -> None:
    assert fitted_factor(means) is None


def test_lag_curve_has_mean_and_quantiles_of_rows() -> None:
    norms = torch.arange(11.0)[:, None].expand(11, 2)

    curve = lag_curve(norms, layer=2, part="cell_state")

    assert curve.means == (5.0, 5.0)
    assert (curve.low[0], curve.high[0]) == pytest.approx((1.0, 9.0))
    assert curve.label == "layer 2 cell state"


def test_half_life_halves_the_fitted_norm() -> None:
    curve = lag_curve(0.9 ** torch.arange(9.0).double()[None], layer=1, part="state")

    assert 0.9**curve.half_life == pytest.approx(0.5)
    assert curve.to_dict()["half_life"] == pytest.approx(math.log(0.5) / math.log(0.9))
