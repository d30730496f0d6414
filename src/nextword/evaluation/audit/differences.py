"""How far apart scores are that should be equal. Knows nothing of models."""

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from nextword.base import ShapeError


def largest_difference(actual: Tensor, expected: Tensor) -> float:
    """Give the largest difference between scores.

    Equal infinities differ by 0, an infinite score and a finite one infinitely; a NaN anywhere
    gives NaN, so that no limit holds.

    Raises:
        ShapeError: The shapes differ.

    Example:
        >>> import torch
        >>> largest_difference(torch.tensor([-torch.inf, -1.0]), torch.tensor([-torch.inf, -1.5]))
        0.5
    """
    if actual.shape != expected.shape:
        raise ShapeError(
            f"scores of shape {tuple(actual.shape)} came where {tuple(expected.shape)} were due."
        )
    if actual.numel() == 0:
        return 0.0
    actual, expected = actual.double(), expected.double()
    differences = (actual - expected).abs().masked_fill(actual == expected, 0.0)
    return float(differences.max())


def worst(figures: Iterable[float]) -> float:
    """Give the largest of some figures; NaN where one of them is.

    Example:
        >>> worst([0.5, float("nan"), 1.0])
        nan
    """
    return float(np.max(list(figures)))
