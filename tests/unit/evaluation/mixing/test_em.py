import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.evaluation.mixing import fit_linear


def random_scores(seed: int, *, targets: int = 40, members: int = 3) -> np.ndarray:
    return np.log(np.random.default_rng(seed).uniform(0.001, 1.0, size=(targets, members)))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), num_buckets=st.integers(1, 4))
def test_fit_linear_weights_sum_to_one_and_the_likelihood_never_falls(
    seed: int, num_buckets: int
) -> None:
    buckets = np.random.default_rng(seed).integers(num_buckets, size=40)

    fit = fit_linear(random_scores(seed), buckets, num_buckets=num_buckets)

    np.testing.assert_allclose(fit.weights.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert fit.weights.shape == (num_buckets, 3)
    assert np.all(np.diff(fit.log_likelihoods) >= -1e-9)


def test_fit_linear_finds_the_best_of_a_grid() -> None:
    scores = random_scores(1, members=2)
    fit = fit_linear(scores)

    grid = np.linspace(0, 1, 1001)[:, None]
    values = np.log(grid * np.exp(scores[:, 0]) + (1 - grid) * np.exp(scores[:, 1])).sum(axis=1)
    assert fit.log_likelihoods[-1] >= values.max() - 1e-6


def test_fit_linear_an_empty_bucket_keeps_the_weights_of_all() -> None:
    fit = fit_linear(random_scores(2), np.zeros(40, dtype=np.int64), num_buckets=2)

    np.testing.assert_allclose(fit.weights[1], fit.weights[0], atol=1e-4)


def test_fit_linear_impossible_targets_are_left_out_and_counted() -> None:
    scores = random_scores(3, members=2)
    scores[5] = -np.inf
    scores[6, 0] = -np.inf

    fit = fit_linear(scores)

    assert fit.num_excluded == 1
    assert np.isfinite(fit.log_likelihoods).all()
