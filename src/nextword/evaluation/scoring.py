"""Negative log-likelihoods of the units of a token stream, one window at a time.

Every reported figure is a sum of these scores. Knows models and token ids; knows nothing of text,
cards or reported units.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64, Integer
from torch import Tensor

from nextword.base import DivergedError, require_count, require_range
from nextword.batches import Batch, UnitReader, longest_first
from nextword.models import LanguageModel, State, default_chunk_length, inference
from nextword.tensors import Nll, Rows

Outcome = TypeVar("Outcome")

#: Units that are sorted by length at once, so that memory does not grow with the text.
_UNITS_AT_ONCE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ScoredWindow:
    """Scores of a window of targets, padding included.

    Attributes:
        nll: Negative log-likelihoods, (batch, time), in nats; 0 at padding.
        positions: Position of each row's first target in the token stream, (batch).
        counts: Number of targets in each row, (batch).
    """

    nll: Float64[np.ndarray, "batch time"]
    positions: Int64[np.ndarray, " batch"]
    counts: Int64[np.ndarray, " batch"]

    @property
    def num_targets(self) -> int:
        """Number of scored targets."""
        return int(self.counts.sum())

    def find(self, positions: Int64[np.ndarray, " found"]) -> Bool[np.ndarray, "batch time"]:
        """Return a mask of the targets at given positions of the token stream, (batch, time).

        Args:
            positions: Sorted positions, (found).
        """
        steps = np.arange(self.nll.shape[1])
        if len(positions) == 0:
            return np.zeros(self.nll.shape, dtype=np.bool_)
        places = self.positions[:, None] + steps
        nearest = np.minimum(np.searchsorted(positions, places), len(positions) - 1)
        found: Bool[np.ndarray, "batch time"] = positions[nearest] == places
        return found & (steps < self.counts[:, None])


def score_units(
    model: LanguageModel,
    token_ids: Integer[np.ndarray, " tokens"],
    *,
    unit_starts: Int64[np.ndarray, " units_plus_one"],
    batch_size: int,
    chunk_length: int | None = None,
) -> Iterator[ScoredWindow]:
    """Iterate over the scores of every token, each unit from the initial state.

    Each unit is one row and begins with the model's boundary token. Of each million units, longer
    ones come first, so windows are not in the order of the text; `positions` holds their places.

    Args:
        model: The model. It is evaluated in evaluation mode and without gradients.
        token_ids: The token stream.
        unit_starts: Position of each unit's first token, and the end of the last, (units + 1).
        batch_size: Number of units in a batch.
        chunk_length: Steps per window; chosen to bound memory when None. No score depends on it.

    Raises:
        ConfigError: batch_size or chunk_length is below 1.
        DivergedError: The model returns NaN.
    """
    windows = read_units(
        model,
        token_ids,
        unit_starts=unit_starts,
        batch_size=batch_size,
        chunk_length=chunk_length,
        step=partial(_nll_step, model),
    )
    return (scored_window(nll, batch) for batch, nll in windows)


def read_units(
    model: LanguageModel,
    token_ids: Integer[np.ndarray, " tokens"],
    *,
    unit_starts: Int64[np.ndarray, " units_plus_one"],
    batch_size: int,
    chunk_length: int | None = None,
    step: Callable[[Batch, State], tuple[Outcome, State]],
) -> Iterator[tuple[Batch, Outcome]]:
    """Read units in windows and iterate over what a function computes for each window.

    Args:
        model: The model whose states are carried.
        token_ids: The token stream.
        unit_starts: Position of each unit's first token, and the end of the last, (units + 1).
        batch_size: Number of units in a batch.
        chunk_length: Steps per window; chosen to bound memory when None.
        step: Called with a window on the model's device and the state before it, without
            gradients; returns a result and the state after the window.

    Raises:
        ConfigError: batch_size or chunk_length is below 1.
    """
    require_count("batch_size", batch_size, low=1)
    if chunk_length is None:
        num_rows = min(batch_size, len(unit_starts) - 1)
        chunk_length = default_chunk_length(model, num_rows=num_rows)
    require_range("chunk_length", chunk_length, low=1)
    readers = (
        UnitReader(
            token_ids,
            starts,
            batch_size=batch_size,
            boundary_id=model.boundary_id,
            order=longest_first(starts),
        )
        for starts in _groups(unit_starts)
    )
    return (found for reader in readers for found in _read(model, reader, chunk_length, step))


def _groups(
    unit_starts: Int64[np.ndarray, " units_plus_one"],
) -> Iterator[Int64[np.ndarray, " group_plus_one"]]:
    """Yield the starts of the units of each group, followed by the end of its last unit."""
    for first in range(0, len(unit_starts) - 1, _UNITS_AT_ONCE):
        yield np.asarray(unit_starts[first : first + _UNITS_AT_ONCE + 1])


def _read(
    model: LanguageModel,
    reader: UnitReader,
    chunk_length: int,
    step: Callable[[Batch, State], tuple[Outcome, State]],
) -> Iterator[tuple[Batch, Outcome]]:
    state: State | None = None
    rows = torch.arange(reader.batch_size)
    for batch in reader.windows(chunk_length):
        rows, state = _drop_idle_rows(batch, rows, state)
        batch = _take_rows(batch, rows)
        with inference(model):
            before = model.initial_state(len(batch.positions)) if state is None else state
            placed = batch.to(model.device)
            outcome, state = step(placed, before.reset(placed.begins))
        yield batch, outcome


def _drop_idle_rows(
    batch: Batch, rows: Rows, state: State | None
) -> tuple[Int64[Tensor, " busy"], State | None]:
    """Drop rows that have no unit left."""
    if batch.lengths is None:
        return rows, state
    busy = batch.lengths[rows] > 0
    if state is not None and not bool(busy.all()):
        state = state.select(busy.nonzero().squeeze(1))
    return rows[busy], state


def _take_rows(batch: Batch, rows: Rows) -> Batch:
    if len(rows) == len(batch.positions):
        return batch
    lengths = None if batch.lengths is None else batch.lengths[rows]
    return replace(
        batch,
        token_ids=batch.token_ids[rows],
        target_ids=batch.target_ids[rows],
        lengths=lengths,
        begins=batch.begins[rows],
        positions=batch.positions[rows],
    )


def _nll_step(model: LanguageModel, batch: Batch, state: State) -> tuple[Nll, State]:
    return model.nll(batch.token_ids, batch.target_ids, state, batch.lengths)


def scored_window(nll: Nll, batch: Batch) -> ScoredWindow:
    """Return the scores of a window of targets.

    Args:
        nll: Negative log-likelihoods, (batch, time), in nats; 0 at padding.
        batch: The window.

    Raises:
        DivergedError: A score is NaN.
    """
    num_steps = batch.token_ids.shape[1]
    counts = torch.full_like(batch.positions, num_steps) if batch.lengths is None else batch.lengths
    window = ScoredWindow(
        nll=nll.cpu().double().numpy(),
        positions=batch.positions.cpu().numpy(),
        counts=counts.cpu().numpy(),
    )
    _refuse_nan(window)
    return window


def _refuse_nan(window: ScoredWindow) -> None:
    rows, steps = np.nonzero(np.isnan(window.nll))
    if len(rows):
        place = int(window.positions[rows[0]] + steps[0])
        raise DivergedError(
            f"the model returns NaN for the token at position {place} of the text.",
            help="Its weights are not finite; evaluate an earlier checkpoint.",
        )
