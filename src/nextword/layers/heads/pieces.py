"""Scoring many positions a piece at a time, so that memory stays small."""

from collections.abc import Callable

import torch

from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets

#: Scores held at a time: 64 MB of float32.
MAX_SCORES = 16 * 2**20


def nll_in_pieces(
    nll: Callable[[FlatHidden, FlatTargets], FlatNll],
    hidden: FlatHidden,
    target_ids: FlatTargets,
    *,
    scores_per_position: int,
) -> FlatNll:
    """Score targets, with at most `MAX_SCORES` scores held at a time (but one position's at least).

    Args:
        nll: Scores some positions.
        hidden: Hidden vectors of all of them.
        target_ids: Their targets.
        scores_per_position: Scores that `nll` holds for one position.
    """
    rows = max(1, MAX_SCORES // scores_per_position)
    pieces = zip(torch.split(hidden, rows), torch.split(target_ids, rows), strict=True)
    return torch.cat([nll(part, targets) for part, targets in pieces])
