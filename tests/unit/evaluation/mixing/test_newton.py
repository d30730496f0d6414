import numpy as np
import pytest

from nextword.base import DataError
from nextword.evaluation.mixing import Statistics, fit_log_linear


def quadratic(best: np.ndarray) -> "Quadratic":
    return Quadratic(best)


class Quadratic:
    """A log-likelihood whose maximum is known, in each bucket."""

    def __init__(self, best: np.ndarray) -> None:
        self.best = best
        self.num_calls = 0

    def __call__(self, weights: np.ndarray) -> Statistics:
        self.num_calls += 1
        distance = weights - self.best
        curvature = np.array([[2.0, 0.5], [0.5, 1.0]])
        return Statistics(
            counts=np.full(len(weights), 10.0),
            values=-0.5 * np.einsum("bm,mn,bn->b", distance, curvature, distance),
            gradients=-distance @ curvature,
            curvatures=np.repeat(curvature[None], len(weights), axis=0),
        )


def test_fit_log_linear_reaches_the_maximum_of_every_bucket() -> None:
    best = np.array([[0.7, 0.4], [1.3, 0.1]])

    fit = fit_log_linear(quadratic(best), num_buckets=2, num_members=2)

    np.testing.assert_allclose(fit.weights, best, atol=1e-6)
    assert np.all(np.diff(fit.log_likelihoods) >= 0)


def test_fit_log_linear_no_weight_is_negative() -> None:
    fit = fit_log_linear(quadratic(np.array([[0.7, -0.4]])), num_buckets=1, num_members=2)

    # On the edge, the best first weight differs from that of the maximum.
    np.testing.assert_allclose(fit.weights, [[0.7 - 0.4 * 0.5 / 2.0, 0.0]], atol=1e-6)


def test_fit_log_linear_impossible_target_is_refused() -> None:
    def impossible(weights: np.ndarray) -> Statistics:
        found = quadratic(weights)(weights)
        return Statistics(
            counts=found.counts,
            values=np.array([-np.inf]),
            gradients=found.gradients,
            curvatures=found.curvatures,
        )

    with pytest.raises(DataError, match="the probability 0"):
        fit_log_linear(impossible, num_buckets=1, num_members=2)
