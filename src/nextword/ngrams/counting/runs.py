"""Sorted runs of counted n-grams, in memory or in files, and an external merge of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Integer

from nextword.ngrams.counting.counts import run_begins
from nextword.ngrams.counting.sorting import sorted_with_places
from nextword.ngrams.workspace import Workspace


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """Distinct n-grams of one order, sorted by key.

    Attributes:
        keys: Keys in ascending order.
        counts: Number of occurrences of each.
        suffixes: For each n-gram, the rank of the n-gram without its first word.
    """

    keys: Int64[np.ndarray, " num_ngrams"]
    counts: Integer[np.ndarray, " num_ngrams"]
    suffixes: Integer[np.ndarray, " num_ngrams"]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, part: slice) -> "Run":
        return Run(keys=self.keys[part], counts=self.counts[part], suffixes=self.suffixes[part])

    def copy(self) -> "Run":
        """Return a copy in memory."""
        return Run(
            keys=np.array(self.keys),
            counts=np.array(self.counts),
            suffixes=np.array(self.suffixes),
        )


class RunColumns:
    """Runs that are appended one after the other, a column for each of their attributes.

    Args:
        workspace: Where the columns are kept.
        limit: Largest count or suffix.
    """

    def __init__(self, workspace: Workspace, *, limit: int) -> None:
        number = workspace.number(limit)
        self._columns = [workspace.column(dtype) for dtype in (np.int64, number, number)]
        self._ends = [0]

    def append(self, run: Run) -> None:
        """Append a run."""
        for column, values in zip(self._columns, (run.keys, run.counts, run.suffixes), strict=True):
            column.append(values)
        self._ends.append(self._ends[-1] + len(run))

    def whole(self) -> Run:
        """Return all appended n-grams as one run; nothing can be appended any more."""
        keys, counts, suffixes = (column.whole() for column in self._columns)
        return Run(keys=keys, counts=counts, suffixes=suffixes)

    def runs(self) -> list[Run]:
        """Return the appended runs; nothing can be appended any more."""
        whole = self.whole()
        return [whole[slice(*ends)] for ends in zip(self._ends, self._ends[1:], strict=False)]


def reduce_run(
    keys: Int64[np.ndarray, " num_seen"],
    counts: Integer[np.ndarray, " num_seen"],
    *,
    suffixes: Integer[np.ndarray, " num_seen"],
) -> Run:
    """Sort n-grams by key and sum the counts of duplicates.

    Args:
        keys: Keys in any order, with duplicates.
        counts: Count of each.
        suffixes: Suffix rank of each; equal for equal keys.
    """
    ordered, sorting = sorted_with_places(keys)
    begins = run_begins(ordered)
    first = sorting[begins]
    # np.add.reduceat fails for an empty list of groups.
    sums = np.add.reduceat(counts[sorting], begins) if len(begins) else counts[:0]
    return Run(keys=ordered[begins], counts=sums, suffixes=suffixes[first])


def merge_runs(runs: Sequence[Run], workspace: Workspace, *, max_ngrams: int, limit: int) -> Run:
    """Merge runs, with about `max_ngrams` n-grams in memory at a time.

    Args:
        runs: The runs to merge.
        workspace: Where the merged run is kept.
        max_ngrams: Number of n-grams of all runs together that are read at a time; at least one of
            each run is read.
        limit: Largest count or suffix.

    Returns:
        The merged run.
    """
    block = max(1, max_ngrams // max(1, len(runs)))
    left = [run for run in runs if len(run)]
    merged = RunColumns(workspace, limit=limit)
    while left:
        part, left = _next_block(left, block, workspace)
        merged.append(part)
        workspace.release()
    return merged.whole()


def _next_block(left: Sequence[Run], block: int, workspace: Workspace) -> tuple[Run, list[Run]]:
    """Merge the next block of every run; return it and the rest of each run.

    Pages are released after every run, as each of many runs would keep some of them.
    """
    last_keys = []
    for run in left:
        last_keys.append(int(run.keys[:block][-1]))
        workspace.release()
    # All n-grams up to the smallest of the blocks' last keys are inside the blocks.
    limit = min(last_keys)
    heads, rest = [], []
    for run in left:
        cut = int(np.searchsorted(run.keys[:block], limit, side="right"))
        heads.append(run[:cut].copy())
        rest.append(run[cut:])
        workspace.release()
    merged = reduce_run(
        np.concatenate([run.keys for run in heads]),
        np.concatenate([run.counts for run in heads]),
        suffixes=np.concatenate([run.suffixes for run in heads]),
    )
    return merged, [run for run in rest if len(run)]
