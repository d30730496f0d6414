"""Buckets of documents by a figure: head (predictable), middle, and tail (surprising)."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from nextword.base import ConfigError, DataError

Bucket = Literal["head", "middle", "tail"]
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
#: With that of documents without a perplexity, in the style of CCNet.
ALL_BUCKETS = (*BUCKETS, "all")
_NUM_THRESHOLDS = len(BUCKETS) - 1


def bucket_of(value: float | None, thresholds: Sequence[float]) -> Bucket:
    """Return the bucket of a value.

    Args:
        value: The figure of a document; None if it has no tokens or is not finite.
        thresholds: The largest value of `head`, and that of `middle`.

    Example:
        >>> [bucket_of(value, (100.0, 200.0)) for value in (100.0, 101.0, 201.0, None)]
        ['head', 'middle', 'tail', 'tail']
    """
    if value is None or not value <= thresholds[1]:
        return "tail"
    return "head" if value <= thresholds[0] else "middle"


def check_thresholds(thresholds: Sequence[float]) -> tuple[float, float]:
    """Return two thresholds if they are finite and in ascending order.

    Raises:
        ConfigError: They are not.
    """
    return _ascending(thresholds, name="thresholds", high=math.inf)


def check_quantiles(quantiles: Sequence[float]) -> tuple[float, float]:
    """Return two quantiles if they are between 0 and 1 and in ascending order.

    Raises:
        ConfigError: They are not.
    """
    return _ascending(quantiles, name="quantiles", high=1.0)


def quantile_thresholds(
    values: Sequence[float | None], quantiles: Sequence[float], *, figure: str = "perplexity"
) -> tuple[float, float]:
    """Return the thresholds at two quantiles of a sample.

    Args:
        values: Figures of the documents of the sample; None is left out.
        quantiles: Shares of the sample in `head`, and in `head` and `middle` together.
        figure: Name of the figure, for messages.

    Raises:
        DataError: No value is left.

    Example:
        >>> quantile_thresholds([1.0, 2.0, 3.0, 4.0, 5.0, None], (0.25, 0.5))
        (2.0, 3.0)
    """
    finite = [value for value in values if value is not None]
    if not finite:
        raise DataError(
            f"no document of the sample has a finite {figure}, so there are no quantiles.",
            help="Give a --reference of text that the model can score, or --thresholds."
            if figure == "perplexity"
            else f"{figure} is undefined for documents with unknown tokens or characters that the "
            "tokenizer drops; choose --by perplexity.",
        )
    low, high = np.quantile(np.array(finite, dtype=np.float64), list(quantiles)).tolist()
    return low, high


def _ascending(values: Sequence[float], *, name: str, high: float) -> tuple[float, float]:
    shown = ", ".join(f"{value:g}" for value in values)
    if len(values) != _NUM_THRESHOLDS:
        raise ConfigError(
            f"{name} are {shown or 'empty'}; {_NUM_THRESHOLDS} numbers are expected: the ends of "
            f"{' and '.join(BUCKETS[:-1])}.",
            help=f"Give {_NUM_THRESHOLDS} numbers separated by a comma.",
        )
    first, last = values
    if not 0.0 <= first <= last <= high or not math.isfinite(last):
        limit = "finite" if high == math.inf else f"at most {high:g}"
        example = "200,600" if high == math.inf else "0.3,0.6"
        raise ConfigError(
            f"{name} are {shown}; they must be at least 0, {limit} and in ascending order.",
            help=f"Give the smaller number first, as in {example}.",
        )
    return float(first), float(last)
