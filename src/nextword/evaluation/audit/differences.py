"""Differences between scores that should be equal. Knows nothing of models."""

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from nextword.base import ShapeError


def largest_difference(actual: Tensor, expected: Tensor) -> float:
    """Return the largest absolute difference between two tensors of scores.

    Two equal infinities differ by 0. An infinite and a finite score differ by infinity.

    Args:
        actual: Scores, of any shape.
        expected: Scores, of the same shape.

    Returns:
        The largest difference, in the unit of the scores; NaN if any score is NaN; 0 for empty
        tensors.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> import torch
        >>> largest_difference(torch.tensor([-torch.inf, -1.0]), torch.tensor([-torch.inf, -1.5]))
        0.5
    """
    if actual.shape != expected.shape:
        raise ShapeError(
            f"the scores have shape {tuple(actual.shape)}; expected {tuple(expected.shape)}."
        )
    if actual.numel() == 0:
        return 0.0
    actual, expected = actual.double(), expected.double()
    differences = (actual - expected).abs().masked_fill(actual == expected, 0.0)
    return float(differences.max())


def worst(figures: Iterable[float]) -> float:
    """Return the largest figure, or NaN if one of them is NaN.

    Example:
        >>> worst([0.5, float("nan"), 1.0])
        nan
    """
    return float(np.max(list(figures)))
