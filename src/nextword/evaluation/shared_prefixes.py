"""Log-probabilities of rows of ids that share beginnings: each beginning is computed once.

The hypotheses of an n-best list differ in a few words. The rows are the paths of a tree, and the
tree is read level by level, as a batch of all its branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64

from nextword.base import DivergedError
from nextword.models import LanguageModel, inference


@dataclass(frozen=True, kw_only=True)
class SharedScores:
    """Scores of rows.

    Attributes:
        log_probs: Log-probabilities of the ids of each row, in nats.
        num_tokens: Number of ids of all rows.
        num_computed: Number of ids that were scored: each after each beginning once.
    """

    log_probs: tuple[Float64[np.ndarray, " _num_tokens"], ...]
    num_tokens: int
    num_computed: int


def shared_prefix_log_probs(
    model: LanguageModel, rows: Sequence[Int64[np.ndarray, " _num_tokens"]]
) -> SharedScores:
    """Return the log-probabilities of the ids of rows, each row from the initial state.

    Args:
        model: The model.
        rows: Ids of each row; a row may be empty.

    Raises:
        DivergedError: The model returns NaN.
    """
    tree = _Tree.of(rows)
    found = np.zeros(len(tree.ids))
    last_ids = torch.tensor([model.boundary_id], device=model.device)
    with inference(model):
        state = model.initial_state(1)
        for nodes, parents in tree.levels:
            rows_before = torch.from_numpy(parents)
            state = state.select(rows_before)
            targets = torch.from_numpy(tree.ids[nodes]).to(model.device)
            read = last_ids[rows_before.to(model.device)][:, None]
            nll, state = model.nll(read, targets[:, None], state)
            found[nodes] = -nll[:, 0].double().cpu().numpy()
            last_ids = targets
    if np.isnan(found).any():
        raise DivergedError(
            "the model returns NaN.", help="Its weights are not finite; use an earlier checkpoint."
        )
    return SharedScores(
        log_probs=tuple(found[path] for path in tree.paths),
        num_tokens=sum(len(row) for row in rows),
        num_computed=len(tree.ids),
    )


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """The tree of rows.

    Attributes:
        ids: The id of each node, (nodes).
        levels: For each level its nodes, and for each the position of its parent in the level
            above; the first level has one parent.
        paths: The nodes of each row.
    """

    ids: Int64[np.ndarray, " nodes"]
    levels: list[tuple[Int64[np.ndarray, " _level"], Int64[np.ndarray, " _level"]]]
    paths: list[Int64[np.ndarray, " _num_tokens"]]

    @classmethod
    def of(cls, rows: Sequence[Int64[np.ndarray, " _num_tokens"]]) -> "_Tree":
        """Return the tree of rows."""
        numbers: dict[tuple[int, int], int] = {}
        ids: list[int] = []
        by_level: list[list[tuple[int, int]]] = []
        paths = []
        for row in rows:
            parent, path = -1, []
            for depth, token_id in enumerate(row.tolist()):
                key = (parent, token_id)
                if key not in numbers:
                    numbers[key] = len(ids)
                    ids.append(token_id)
                    if depth == len(by_level):
                        by_level.append([])
                    by_level[depth].append((numbers[key], parent))
                parent = numbers[key]
                path.append(parent)
            paths.append(np.array(path, dtype=np.int64))
        places, levels = {-1: 0}, []
        for level in by_level:
            nodes = np.array([node for node, _ in level], dtype=np.int64)
            parents = np.array([places[parent] for _, parent in level], dtype=np.int64)
            levels.append((nodes, parents))
            places = {node: place for place, (node, _) in enumerate(level)}
        return cls(ids=np.array(ids, dtype=np.int64), levels=levels, paths=paths)
