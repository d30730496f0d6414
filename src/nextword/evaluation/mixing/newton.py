"""The weights of a log-linear mixture by Newton's method. Works on numbers only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from nextword.base import DataError

#: Iteration stops when the log-likelihood per target grows by less, in nats.
_TOLERANCE = 1e-7
_MAX_EVALUATIONS = 30
#: Smallest curvature per target, so that members that predict the same leave a solvable system.
_RIDGE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """Log-likelihood of held-out targets and its derivatives by the weights, for each bucket.

    Attributes:
        counts: Number of targets, (buckets).
        values: Log-likelihood in nats, (buckets).
        gradients: First derivatives, (buckets, members).
        curvatures: Negative second derivatives, (buckets, members, members).
    """

    counts: Float64[np.ndarray, " buckets"]
    values: Float64[np.ndarray, " buckets"]
    gradients: Float64[np.ndarray, "buckets members"]
    curvatures: Float64[np.ndarray, "buckets members members"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LogLinearFit:
    """Weights that maximize the likelihood of held-out targets.

    Attributes:
        weights: One row for each bucket, (buckets, members); each at least 0.
        log_likelihoods: Log-likelihood after each accepted step, in nats; it never decreases.
    """

    weights: Float64[np.ndarray, "buckets members"]
    log_likelihoods: tuple[float, ...]


def fit_log_linear(
    evaluate: Callable[[Float64[np.ndarray, "buckets members"]], Statistics],
    *,
    num_buckets: int,
    num_members: int,
) -> LogLinearFit:
    """Fit weights of at least 0 for each bucket by Newton's method with step halving.

    The log-likelihood is concave in the weights, so its maximum is unique up to members that
    predict the same.

    Args:
        evaluate: Reads the held-out text under given weights, (buckets, members).
        num_buckets: Number of buckets.
        num_members: Number of members.

    Raises:
        DataError: The log-likelihood is not finite: a member gives a target the probability 0.

    Source: [klakow1998].
    """
    weights = np.full((num_buckets, num_members), 1.0 / num_members)
    known = evaluate(weights)
    if not np.isfinite(known.values).all():
        raise DataError(
            "a model gives a token of the held-out text the probability 0, and so does every "
            "log-linear mixture with it.",
            help="Use --method linear, or an n-gram model with Kneser-Ney smoothing.",
        )
    trace = [float(known.values.sum())]
    lengths = np.ones(num_buckets)
    for _ in range(_MAX_EVALUATIONS):
        trial = _stepped(weights, known, lengths)
        found = evaluate(trial)
        better = found.values >= known.values
        gains = np.where(better, found.values - known.values, 0.0)
        tried_full = bool(np.all(better | (lengths < 1e-3)))
        weights = np.where(better[:, None], trial, weights)
        known = _chosen(better, found, known)
        trace.append(float(known.values.sum()))
        if tried_full and gains.sum() < _TOLERANCE * known.counts.sum():
            break
        lengths = np.where(better, 1.0, lengths / 4)
    return LogLinearFit(weights=weights, log_likelihoods=tuple(trace))


def _stepped(
    weights: Float64[np.ndarray, "buckets members"],
    known: Statistics,
    lengths: Float64[np.ndarray, " buckets"],
) -> Float64[np.ndarray, "buckets members"]:
    """Return the weights after a Newton step in each bucket; none below 0."""
    stepped = weights.copy()
    for bucket, (count, gradient, curvature) in enumerate(
        zip(known.counts, known.gradients, known.curvatures, strict=True)
    ):
        # A weight of 0 whose derivative is negative stays 0.
        free = (weights[bucket] > 0) | (gradient > 0)
        if not count or not free.any():
            continue
        system = curvature[np.ix_(free, free)] + _RIDGE * count * np.eye(int(free.sum()))
        stepped[bucket, free] += lengths[bucket] * np.linalg.solve(system, gradient[free])
    return stepped.clip(min=0.0)


def _chosen(better: Bool[np.ndarray, " buckets"], new: Statistics, old: Statistics) -> Statistics:
    """Return the new statistics of the buckets that became better, and the old of the others."""
    return Statistics(
        counts=new.counts,
        values=np.where(better, new.values, old.values),
        gradients=np.where(better[:, None], new.gradients, old.gradients),
        curvatures=np.where(better[:, None, None], new.curvatures, old.curvatures),
    )
