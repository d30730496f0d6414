"""How well one number tells a property: the area under the ROC curve, and correlation."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from nextword.inspection.cells.properties import Kind

_BLOCK_UNITS = 64


def auc(values: Float[np.ndarray, " items"], labels: Float[np.ndarray, " items"]) -> float:
    """Return the area under the ROC curve: P(a value where the label is 1 is larger).

    Equal values count half. 0.5 is chance, 1 is perfect separation, and values below 0.5 mean that
    small values go with the label 1.

    Args:
        values: The numbers, (items).
        labels: 0 or 1, (items); both must occur.

    Example:
        >>> import numpy as np
        >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]))
        0.875
    """
    return float(aucs(values[:, None], labels[None])[0, 0])


def aucs(
    values: Float[np.ndarray, "items units"], labels: Float[np.ndarray, "properties items"]
) -> Float[np.ndarray, "properties units"]:
    """Return the AUC of every unit for every property, (properties, units).

    Args:
        values: The values of the units, (items, units).
        labels: 0 or 1, (properties, items); both must occur in each row.
    """
    positives = labels.sum(axis=1, keepdims=True)
    pairs = positives * (labels.shape[1] - positives)
    rank_sums = [labels @ _mean_ranks(block) for block in _blocks(values)]
    areas: np.ndarray = (
        np.concatenate(rank_sums, axis=1) - positives * (positives + 1) / 2
    ) / pairs
    return areas


def _blocks(values: Float[np.ndarray, "items units"]) -> Iterator[np.ndarray]:
    """Iterate over blocks of units, which bounds the memory of what is computed from them."""
    for start in range(0, values.shape[1], _BLOCK_UNITS):
        yield values[:, start : start + _BLOCK_UNITS]


def _mean_ranks(values: Float[np.ndarray, "items units"]) -> Float[np.ndarray, "items units"]:
    """Return the rank of each item for every unit, from 1; equal values share their mean rank."""
    ranks = np.empty(values.shape)
    for number, column in enumerate(values.T):
        _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks[:, number] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def correlation(values: Float[np.ndarray, " items"], numbers: Float[np.ndarray, " items"]) -> float:
    """Return Pearson's correlation coefficient; 0 if one of both is constant.

    Args:
        values: The numbers, (items).
        numbers: The values of the property, (items).

    Example:
        >>> import numpy as np
        >>> round(correlation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 7.0])), 4)
        0.9934
    """
    return float(correlations(values[:, None], numbers)[0])


def strength(score: Float[np.ndarray, " units"], *, kind: Kind) -> Float[np.ndarray, " units"]:
    """Return scores whose direction does not count: AUC of at least 0.5, |correlation|.

    Args:
        score: AUC or correlations, (units).
        kind: Kind of the property.
    """
    strengths: np.ndarray = np.maximum(score, 1.0 - score)
    return np.abs(score) if kind == "numeric" else strengths


def directed(score: float, *, is_rising: bool, kind: Kind) -> float:
    """Return a score in a direction that was chosen on other data.

    Args:
        score: The AUC or correlation.
        is_rising: Whether large values of the unit were chosen to mean large values of the
            property.
        kind: Kind of the property.

    Example:
        >>> round(directed(0.2, is_rising=False, kind="binary"), 4)
        0.8
    """
    if is_rising:
        return score
    return -score if kind == "numeric" else 1.0 - score


def correlations(
    values: Float[np.ndarray, "items units"], targets: Float[np.ndarray, " items"]
) -> Float[np.ndarray, " units"]:
    """Return Pearson's correlation of every unit, (units); 0 where a unit is constant.

    Args:
        values: The values of the units, (items, units).
        targets: The values of the property, (items).
    """
    centred = targets - targets.mean()
    scores = []
    for block in _blocks(values):
        columns = block.astype(np.float64) - block.mean(axis=0, dtype=np.float64)
        norms = np.sqrt((columns**2).sum(axis=0) * (centred**2).sum())
        products = centred @ columns
        scores.append(np.divide(products, norms, out=np.zeros_like(products), where=norms > 0))
    return np.concatenate(scores)
