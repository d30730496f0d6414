"""Solution of exercise 6."""

import numpy as np


def next_token_distribution(
    logits: np.ndarray, *, temperature: float = 1.0, top_k: int | None = None
) -> np.ndarray:
    scaled = logits / temperature
    if top_k is not None:
        scaled = np.where(scaled >= np.sort(scaled)[-top_k], scaled, -np.inf)
    weights = np.exp(scaled - scaled.max())
    return weights / weights.sum()


def draw(distribution: np.ndarray, uniform: float) -> int:
    return int(np.searchsorted(distribution.cumsum(), uniform, side="right"))
