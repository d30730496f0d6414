"""The weights of a linear mixture by expectation maximization. Works on numbers only."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

#: Iteration stops when the log-likelihood per target grows by less, in nats.
_TOLERANCE = 1e-9
_MAX_ITERATIONS = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearFit:
    """Weights that maximize the likelihood of held-out targets.

    Attributes:
        weights: One row for each bucket, (buckets, members); each sums to one.
        log_likelihoods: Log-likelihood of all targets before each iteration and at the end, in
            nats; it never decreases. Targets that every member excludes are left out.
        num_excluded: Number of targets to which every member gives probability 0.
    """

    weights: Float64[np.ndarray, "buckets members"]
    log_likelihoods: tuple[float, ...]
    num_excluded: int


def fit_linear(
    log_probs: Float64[np.ndarray, "targets members"],
    buckets: Int64[np.ndarray, " targets"] | None = None,
    *,
    num_buckets: int = 1,
) -> LinearFit:
    """Fit weights for each bucket by expectation maximization.

    A bucket starts from the weights that are best for all targets together, and keeps them if no
    target falls into it.

    Args:
        log_probs: Log-probability of each target by each member, in nats.
        buckets: The bucket of each target; all in one when None.
        num_buckets: Number of buckets.

    Source: [jelinek1980].

    Example:
        >>> fit = fit_linear(np.log([[0.5, 0.1], [0.5, 0.1], [0.1, 0.5]]))
        >>> fit.weights.round(3).tolist()
        [[0.75, 0.25]]
    """
    places = np.zeros(len(log_probs), dtype=np.int64) if buckets is None else buckets
    possible = np.isfinite(log_probs).any(axis=1)
    # Divided by the best member's probability, so that nothing underflows.
    best = log_probs[possible].max(axis=1, initial=-np.inf)
    ratios = np.exp(log_probs[possible] - best[:, None])
    places = places[possible]
    members = log_probs.shape[1]
    weights = np.full((1, members), 1.0 / members)
    weights, trace = _iterate(ratios, np.zeros_like(places), weights=weights)
    if num_buckets > 1:
        weights, more = _iterate(ratios, places, weights=np.repeat(weights, num_buckets, axis=0))
        trace += more[1:]
    offset = float(best.sum())
    return LinearFit(
        weights=weights,
        log_likelihoods=tuple(offset + each for each in trace),
        num_excluded=int((~possible).sum()),
    )


def _iterate(
    ratios: Float64[np.ndarray, "targets members"],
    places: Int64[np.ndarray, " targets"],
    *,
    weights: Float64[np.ndarray, "buckets members"],
) -> tuple[Float64[np.ndarray, "buckets members"], list[float]]:
    """Return the weights after convergence, and the log-likelihood before each iteration."""
    trace: list[float] = []
    counts = np.bincount(places, minlength=len(weights))
    for _ in range(_MAX_ITERATIONS):
        shares = weights[places] * ratios
        totals = shares.sum(axis=1)
        trace.append(float(np.log(totals).sum()))
        if len(trace) > 1 and trace[-1] - trace[-2] < _TOLERANCE * len(ratios):
            break
        sums = np.zeros_like(weights)
        np.add.at(sums, places, shares / totals[:, None])
        weights = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], weights)
        weights = weights / weights.sum(axis=1, keepdims=True)
    return weights, trace
