"""Reading the units of a token stream in batches, one window of time steps after the other.

Training and evaluation use the same reader. Each row of a batch reads one unit: a lane, a document
or a line. A row whose unit has ended takes the next unit in the following window. A window of a row
never contains tokens of two units.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int64, Integer
from torch import Tensor

from nextword.base import ConfigError, release_pages
from nextword.batches.units import row_part
from nextword.tensors import Lengths, TokenIds

#: Tokens that are read from a mapped file before its pages are released.
_RELEASED = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One window: the inputs and targets of every row.

    Attributes:
        token_ids: Input ids, (batch, time); a unit begins with the boundary id.
        target_ids: Target ids, (batch, time): the id that follows each input.
        lengths: Number of valid steps in each row, (batch); None if all steps are valid.
        begins: True for rows that begin a unit in this window, so their state must be reset,
            (batch).
        positions: Index of each row's first target in the token stream, (batch).
    """

    token_ids: TokenIds
    target_ids: TokenIds
    lengths: Lengths | None
    begins: Bool[Tensor, " batch"]
    positions: Int64[Tensor, " batch"]

    @property
    def num_targets(self) -> int:
        """Number of valid targets."""
        return self.token_ids.numel() if self.lengths is None else int(self.lengths.sum())

    def mask(self) -> Bool[Tensor, "batch time"]:
        """Return a mask that is True for valid targets, (batch, time)."""
        steps = torch.arange(self.token_ids.shape[1], device=self.token_ids.device)
        if self.lengths is None:
            return torch.ones_like(self.token_ids, dtype=torch.bool)
        return steps < self.lengths[:, None]

    def rows(self, start: int, end: int) -> "Batch":
        """Return the rows from `start` up to `end` as a batch."""
        return Batch(
            token_ids=self.token_ids[start:end],
            target_ids=self.target_ids[start:end],
            lengths=None if self.lengths is None else self.lengths[start:end],
            begins=self.begins[start:end],
            positions=self.positions[start:end],
        )

    def to(self, device: torch.device) -> "Batch":
        """Return the batch with every tensor on a device."""
        return Batch(
            token_ids=self.token_ids.to(device),
            target_ids=self.target_ids.to(device),
            lengths=None if self.lengths is None else self.lengths.to(device),
            begins=self.begins.to(device),
            positions=self.positions.to(device),
        )


class UnitReader:
    """Reads the units of a token stream in `batch_size` rows.

    Args:
        token_ids: The stream, (tokens); if it is memory-mapped, few of its pages are in memory.
        unit_starts: Index of the first token of each unit, then the end of the last, (units + 1).
        batch_size: Number of rows; reduced to the number of units if there are fewer.
        boundary_id: The input id before the first token of every unit.
        order: Indices of the units in reading order, (units); the order of the stream when None.
        rank: Number of this process. Each process reads a contiguous part of the rows; the reading
            position is that of all rows.
        num_processes: Number of processes that read together.

    Attributes:
        batch_size: Number of rows of all processes.
        rows: Start and end of the rows of this process.

    Raises:
        ConfigError: batch_size is below 1, or there are fewer rows than processes.
    """

    def __init__(
        self,
        token_ids: Integer[np.ndarray, " tokens"],
        unit_starts: Int64[np.ndarray, " units_plus_one"],
        *,
        batch_size: int,
        boundary_id: int,
        order: Int64[np.ndarray, " units"] | None = None,
        rank: int = 0,
        num_processes: int = 1,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be at least 1.")
        num_units = len(unit_starts) - 1
        self._token_ids = token_ids
        self._order = np.arange(num_units) if order is None else order
        self._starts = unit_starts[:-1]
        self._ends = unit_starts[1:]
        self._boundary_id = boundary_id
        self.batch_size = min(batch_size, num_units)
        self.rows = row_part(self.batch_size, rank=rank, num_processes=num_processes)
        self._num_read = 0
        self._next = 0
        self._position = np.zeros(self.batch_size, dtype=np.int64)
        self._begin = np.zeros(self.batch_size, dtype=np.int64)
        self._end = np.zeros(self.batch_size, dtype=np.int64)

    @property
    def num_rows(self) -> int:
        """Number of rows of this process."""
        return self.rows[1] - self.rows[0]

    def position(self) -> Int64[Tensor, "4 batch"]:
        """Return the reading position as a tensor that a checkpoint can store."""
        following = np.full_like(self._position, self._next)
        return torch.from_numpy(np.stack([following, self._position, self._begin, self._end]))

    def seek(self, position: Int64[Tensor, "4 batch"]) -> None:
        """Continue from a position that `position` returned."""
        following, current, begin, end = position.numpy().copy()
        self._next = int(following[0]) if len(following) else 0
        self._position, self._begin, self._end = current, begin, end

    def read(self, max_steps: int) -> Batch | None:
        """Read the next window.

        Args:
            max_steps: Maximum number of time steps.

        Returns:
            The window, or None after the last unit.
        """
        counts = self._advance(max_steps)
        if counts is None:
            return None
        num_steps = int(counts.max())
        rows = slice(*self.rows)
        positions = (self._position - counts)[rows]
        counts, begins = counts[rows], self._begin[rows]
        token_ids, target_ids = self._gather(positions, counts, num_steps, begins=begins)
        return Batch(
            token_ids=torch.from_numpy(token_ids),
            target_ids=torch.from_numpy(target_ids),
            lengths=None if counts.min() == num_steps else torch.from_numpy(counts),
            begins=torch.from_numpy((positions == begins) & (counts > 0)),
            positions=torch.from_numpy(positions),
        )

    def windows(self, max_steps: int) -> Iterator[Batch]:
        """Iterate over the remaining windows of at most `max_steps` time steps."""
        while (batch := self.read(max_steps)) is not None:
            yield batch

    def count_windows(self, max_steps: int) -> int:
        """Return the number of remaining windows, without reading any token."""
        position = self.position()
        num_windows = 0
        while self._advance(max_steps) is not None:
            num_windows += 1
        self.seek(position)
        return num_windows

    def _advance(self, max_steps: int) -> Int64[np.ndarray, " batch"] | None:
        """Advance every row by at most `max_steps`; return the number of steps of each."""
        self._take_units()
        remaining = self._end - self._position
        num_steps = int(min(max_steps, remaining.max(initial=0)))
        if num_steps == 0:
            return None
        counts: Int64[np.ndarray, " batch"] = np.minimum(remaining, num_steps)
        self._position += counts
        return counts

    def _take_units(self) -> None:
        """Assign the next units to the rows that have finished theirs."""
        for row in np.flatnonzero(self._position == self._end):
            # An empty unit is finished at once, and the row takes the one after it.
            while self._position[row] == self._end[row] and self._next < len(self._order):
                unit = self._order[self._next]
                self._next += 1
                self._position[row] = self._begin[row] = self._starts[unit]
                self._end[row] = self._ends[unit]

    def _gather(
        self,
        positions: Int64[np.ndarray, " batch"],
        counts: Int64[np.ndarray, " batch"],
        num_steps: int,
        *,
        begins: Int64[np.ndarray, " batch"],
    ) -> tuple[Int64[np.ndarray, "batch time"], Int64[np.ndarray, "batch time"]]:
        """Return inputs and targets of each row; padding repeats the boundary id."""
        shape = (len(positions), num_steps)
        token_ids = np.full(shape, self._boundary_id, dtype=np.int64)
        target_ids = np.full(shape, self._boundary_id, dtype=np.int64)
        for row, (position, count) in enumerate(zip(positions, counts, strict=True)):
            target_ids[row, :count] = self._token_ids[position : position + count]
            token_ids[row, 1:count] = target_ids[row, : max(count - 1, 0)]
            if position > begins[row] and count:
                token_ids[row, 0] = self._token_ids[position - 1]
        self._num_read += int(counts.sum())
        if self._num_read >= _RELEASED:
            release_pages(self._token_ids)
            self._num_read = 0
        return token_ids, target_ids
