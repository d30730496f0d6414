"""Bootstrap intervals of a metric, and of the difference of two systems on the same items.

A metric is a function of the number of times that each item is drawn. With ones it is the metric of
the data itself; the bootstrap calls it with the counts of samples drawn with replacement.

Source: [efron1993], chapters 13 and 16; the paired comparison is that of [koehn2004].
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

import numpy as np
from jaxtyping import Bool, Int64

from nextword.base import Values, require

ItemCounts = Int64[np.ndarray, " items"]
Metric = Callable[[ItemCounts], float]

DEFAULT_NUM_SAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class BootstrapInterval:
    """A value with its percentile bootstrap interval.

    Attributes:
        value: The metric of the data itself.
        low: Lower end of the interval.
        high: Upper end of the interval.
        level: Share of the bootstrap samples inside the interval, such as 0.95.
        share_above_zero: Share of the samples with a value above 0. For a difference, the share of
            samples in which the first system is better.
        num_samples: Number of bootstrap samples.
        num_items: Number of items.
    """

    value: float
    low: float
    high: float
    level: float
    share_above_zero: float
    num_samples: int
    num_items: int

    def to_dict(self) -> Values:
        """Return the figures as JSON values."""
        return asdict(self)


def bootstrap_interval(
    metric: Metric,
    *,
    num_items: int,
    num_samples: int = DEFAULT_NUM_SAMPLES,
    level: float = 0.95,
    seed: int = 1,
) -> BootstrapInterval:
    """Return a metric with its percentile bootstrap interval.

    Args:
        metric: The metric, such as one returned by `accuracy_metric`.
        num_items: Number of items.
        num_samples: Number of bootstrap samples.
        level: Share of the samples inside the interval, between 0 and 1.
        seed: Seed of the samples; the same seed gives the same interval.

    Raises:
        ConfigError: There are no items or samples, or the level is not between 0 and 1.

    Example:
        >>> right = np.array([True] * 80 + [False] * 20)
        >>> interval = bootstrap_interval(accuracy_metric(right), num_items=100)
        >>> interval.value, 0.7 < interval.low < 0.8 < interval.high < 0.9
        (0.8, True)
    """
    require(num_items > 0, "there are no items; a bootstrap needs at least one.")
    require(num_samples > 0, f"num_samples is {num_samples}; it must be at least 1.")
    require(0.0 < level < 1.0, f"level is {level}; it must be between 0 and 1.")
    generator = np.random.default_rng(seed)
    values = np.array(
        [
            metric(np.bincount(generator.integers(0, num_items, num_items), minlength=num_items))
            for _ in range(num_samples)
        ]
    )
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return BootstrapInterval(
        value=metric(np.ones(num_items, dtype=np.int64)),
        low=float(low),
        high=float(high),
        level=level,
        share_above_zero=float((values > 0.0).mean()),
        num_samples=num_samples,
        num_items=num_items,
    )


def bootstrap_difference(
    first: Metric,
    second: Metric,
    *,
    num_items: int,
    num_samples: int = DEFAULT_NUM_SAMPLES,
    level: float = 0.95,
    seed: int = 1,
) -> BootstrapInterval:
    """Return the difference of two systems, first minus second, with its bootstrap interval.

    Both systems are measured on the same samples of the same items.

    Args:
        first: Metric of the first system.
        second: Metric of the second system.
        num_items: Number of items.
        num_samples: Number of bootstrap samples.
        level: Share of the samples inside the interval, between 0 and 1.
        seed: Seed of the samples.

    Raises:
        ConfigError: As in `bootstrap_interval`.
    """
    return bootstrap_interval(
        lambda counts: first(counts) - second(counts),
        num_items=num_items,
        num_samples=num_samples,
        level=level,
        seed=seed,
    )


def accuracy_metric(right: Bool[np.ndarray, " items"]) -> Metric:
    """Return the accuracy as a metric.

    Args:
        right: Whether the prediction of each item is right.
    """
    values = right.astype(np.int64)
    return lambda counts: float(counts @ values / counts.sum())


def macro_f1_metric(expected: Sequence[str], predicted: Sequence[str]) -> Metric:
    """Return the macro-averaged F1 of single labels as a metric.

    The average is over the labels that occur in the sample, expected or predicted.

    Args:
        expected: The true label of each item.
        predicted: The predicted label of each item.

    Raises:
        ConfigError: There are not as many predicted labels as expected ones.
    """
    require(
        len(expected) == len(predicted),
        f"{len(predicted)} labels are predicted for {len(expected)} items.",
    )
    ids = {label: number for number, label in enumerate({*expected, *predicted})}
    rows = np.array([ids[label] for label in expected], dtype=np.int64)
    columns = np.array([ids[label] for label in predicted], dtype=np.int64)
    is_right = rows == columns

    def metric(counts: ItemCounts) -> float:
        support = np.bincount(rows, weights=counts, minlength=len(ids))
        given = np.bincount(columns, weights=counts, minlength=len(ids))
        right = np.bincount(rows, weights=counts * is_right, minlength=len(ids))
        seen = (support + given) > 0
        return fmean((2 * right[seen] / (support + given)[seen]).tolist())

    return metric


def micro_f1_metric(
    right: Int64[np.ndarray, " items"],
    expected: Int64[np.ndarray, " items"],
    predicted: Int64[np.ndarray, " items"],
) -> Metric:
    """Return the F1 of all decisions together as a metric, for spans or multiple labels.

    A sample without any span or label has F1 0.

    Args:
        right: Number of spans or labels of each item that are expected and predicted.
        expected: Number of spans or labels that each item has.
        predicted: Number of spans or labels predicted for each item.
    """
    decisions = expected + predicted

    def metric(counts: ItemCounts) -> float:
        total = int(counts @ decisions)
        return 2 * int(counts @ right) / total if total else 0.0

    return metric
