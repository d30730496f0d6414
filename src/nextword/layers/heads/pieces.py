"""Scoring many positions in pieces, to limit memory."""

from collections.abc import Callable

import torch

from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets

#: Maximum number of scores in memory at once: 64 MB in float32.
MAX_SCORES = 16 * 2**20


def nll_in_pieces(
    nll: Callable[[FlatHidden, FlatTargets], FlatNll],
    hidden: FlatHidden,
    *,
    target_ids: FlatTargets,
    scores_per_position: int,
) -> FlatNll:
    """Return the negative log-likelihood of targets, computed in pieces of few positions.

    A piece has at most `MAX_SCORES` scores, but always at least one position.

    Args:
        nll: Computes the negative log-likelihood of some positions.
        hidden: Hidden vectors of all positions, (positions, hidden).
        target_ids: Their targets, (positions).
        scores_per_position: Number of scores that `nll` keeps in memory per position.

    Returns:
        (positions), nats.
    """
    rows = max(1, MAX_SCORES // scores_per_position)
    pieces = zip(torch.split(hidden, rows), torch.split(target_ids, rows), strict=True)
    return torch.cat([nll(part, targets) for part, targets in pieces])
