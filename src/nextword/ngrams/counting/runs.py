"""Sorted runs of counted n-grams, in memory or in files, and an external merge of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from nextword.ngrams.counting.counts import run_begins

_COLUMNS = ("keys", "counts", "suffixes")


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """Distinct n-grams of one order, sorted by key.

    Attributes:
        keys: Keys in ascending order.
        counts: Number of occurrences of each.
        suffixes: For each n-gram, the rank of the n-gram without its first word.
    """

    keys: Int64[np.ndarray, " num_ngrams"]
    counts: Int64[np.ndarray, " num_ngrams"]
    suffixes: Int64[np.ndarray, " num_ngrams"]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, part: slice) -> "Run":
        return Run(keys=self.keys[part], counts=self.counts[part], suffixes=self.suffixes[part])

    def spill(self, path: Path) -> "SpilledRun":
        """Write the run to a file and return a handle of it."""
        path.write_bytes(np.stack([self.keys, self.counts, self.suffixes]).tobytes())
        return SpilledRun(path=path, num_ngrams=len(self))


@dataclass(frozen=True, kw_only=True)
class SpilledRun:
    """A run that is stored in a file.

    Attributes:
        path: The file.
        num_ngrams: Number of n-grams in it.
    """

    path: Path
    num_ngrams: int

    def read(self) -> Run:
        """Return the run, memory-mapped."""
        columns = _mapped(self.path, len(_COLUMNS) * self.num_ngrams)
        keys, counts, suffixes = columns.reshape(len(_COLUMNS), self.num_ngrams)
        return Run(keys=keys, counts=counts, suffixes=suffixes)

    def delete(self) -> None:
        """Remove the file."""
        self.path.unlink()


def reduce_run(
    keys: Int64[np.ndarray, " num_seen"],
    counts: Int64[np.ndarray, " num_seen"],
    *,
    suffixes: Int64[np.ndarray, " num_seen"],
) -> Run:
    """Sort n-grams by key and sum the counts of duplicates.

    Args:
        keys: Keys in any order, with duplicates.
        counts: Count of each.
        suffixes: Suffix rank of each; equal for equal keys.
    """
    sorting = np.argsort(keys)
    begins = run_begins(keys[sorting])
    first = sorting[begins]
    # np.add.reduceat fails for an empty list of groups.
    sums = np.add.reduceat(counts[sorting], begins) if len(begins) else counts[:0]
    return Run(keys=keys[first], counts=sums, suffixes=suffixes[first])


def merge_runs(runs: Sequence[SpilledRun], path: Path, *, max_ngrams: int) -> Run:
    """Merge runs into files, with about `max_ngrams` n-grams in memory at a time.

    Args:
        runs: The runs to merge.
        path: Prefix of the files to write, one per column.
        max_ngrams: Number of n-grams of all runs together that are read at a time; at least one of
            each run is read.

    Returns:
        The merged run, memory-mapped.
    """
    block = max(1, max_ngrams // max(1, len(runs)))
    left = [run.read() for run in runs if run.num_ngrams]
    paths = [path.with_name(f"{path.name}.{column}") for column in _COLUMNS]
    num_ngrams = 0
    with ExitStack() as stack:
        files = [stack.enter_context(column.open("wb")) for column in paths]
        while left:
            merged, left = _next_block(left, block)
            num_ngrams += len(merged)
            for file, column in zip(files, _COLUMNS, strict=True):
                file.write(getattr(merged, column).tobytes())
    keys, counts, suffixes = (_mapped(column, num_ngrams) for column in paths)
    return Run(keys=keys, counts=counts, suffixes=suffixes)


def _next_block(left: Sequence[Run], block: int) -> tuple[Run, list[Run]]:
    """Merge the next block of every run; return it and the rest of each run."""
    # All n-grams up to the smallest of the blocks' last keys are inside the blocks.
    limit = min(int(run.keys[:block][-1]) for run in left)
    cuts = [int(np.searchsorted(run.keys[:block], limit, side="right")) for run in left]
    heads = [run[:cut] for run, cut in zip(left, cuts, strict=True)]
    merged = reduce_run(
        np.concatenate([run.keys for run in heads]),
        np.concatenate([run.counts for run in heads]),
        suffixes=np.concatenate([run.suffixes for run in heads]),
    )
    rest = [run[cut:] for run, cut in zip(left, cuts, strict=True)]
    return merged, [run for run in rest if len(run)]


def _mapped(path: Path, size: int) -> Int64[np.ndarray, " size"]:
    if not size:
        return np.zeros(0, dtype=np.int64)
    return np.memmap(path, dtype=np.int64, mode="r")
