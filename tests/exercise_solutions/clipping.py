"""Solution of exercise 3."""

import numpy as np


def clip_by_norm(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * min(threshold / norm, 1.0) for gradient in gradients]


def clip_by_value(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    return [gradient.clip(-threshold, threshold) for gradient in gradients]
