"""The input of a session: rows of token ids, validated, and read or scored in chunks."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.base import DivergedError, ShapeError
from nextword.models import LanguageModel, State, default_chunk_length, inference
from nextword.tensors import Lengths, TokenIds

_CHUNK_LENGTH = 256


def padded_rows(
    rows: Tensor | Sequence[Any], lengths: Tensor | None, *, padding_id: int
) -> tuple[TokenIds, Lengths]:
    """Return rows of ids as one tensor, (rows, time), and their lengths, (rows), on the CPU.

    Args:
        rows: Ids of each row: lists of any lengths, or a tensor (rows, time).
        lengths: With a tensor, number of valid ids in each row, (rows); all when None.
        padding_id: Id that pads the shorter lists.

    Raises:
        ShapeError: The input is not rows of integer ids.
    """
    if isinstance(rows, Tensor):
        _require_ids(rows, num_axes=2)
        full = torch.full((len(rows),), rows.shape[1])
        return rows.long().cpu(), full if lengths is None else lengths.long().cpu()
    if lengths is not None:
        raise ShapeError("lengths are set, but token_ids are lists, which have their own.")
    tensors = [torch.as_tensor(row) for row in rows]
    for tensor in tensors:
        _require_ids(tensor, num_axes=1)
    counts = torch.tensor([len(tensor) for tensor in tensors], dtype=torch.int64)
    token_ids = torch.full((len(tensors), max([0, *counts.tolist()])), padding_id)
    for row, tensor in zip(token_ids, tensors, strict=True):
        row[: len(tensor)] = tensor
    return token_ids, counts


def _require_ids(ids: Tensor, *, num_axes: int) -> None:
    is_integer = not (ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool)
    if ids.ndim != num_axes or not (is_integer or ids.numel() == 0):
        raise ShapeError(
            f"token_ids hold {ids.dtype} of shape {tuple(ids.shape)}; integers are expected, as "
            "(rows, time) or as one list a row."
        )


def read_rows(
    model: LanguageModel, token_ids: TokenIds, *, state: State, num_read: Int64[Tensor, " rows"]
) -> State:
    """Read the first ids of each row, in chunks, and return the state after them.

    Args:
        model: The model.
        token_ids: Ids on the CPU, (rows, time).
        state: The state before them.
        num_read: Number of ids to read in each row, (rows).
    """
    longest = int(num_read.max())
    is_ragged = bool((num_read < longest).any())
    with inference(model):
        for start in range(0, longest, _CHUNK_LENGTH):
            chunk = token_ids[:, start : min(start + _CHUNK_LENGTH, longest)].to(model.device)
            left = (num_read - start).clamp(0, chunk.shape[1]).to(model.device)
            state = model.advance(chunk, state, left if is_ragged else None)
    return state


def score_rows(
    model: LanguageModel,
    token_ids: TokenIds,
    *,
    last_ids: Int64[Tensor, " rows"],
    state: State,
    lengths: Lengths,
) -> tuple[Float64[Tensor, "rows time"], State]:
    """Return the log-probability of each id given those before it, in chunks.

    Args:
        model: The model.
        token_ids: Ids to score, on the CPU, (rows, time).
        last_ids: The id before them in each row, which the state has not read, (rows).
        state: The state before that id.
        lengths: Number of valid ids in each row, (rows).

    Returns:
        Log-probabilities on the CPU in nats, (rows, time), 0 at padding; and the state that has
        read all valid ids but the last one of each row.

    Raises:
        DivergedError: The model returns NaN.
    """
    log_probs = torch.zeros(token_ids.shape, dtype=torch.float64)
    inputs = torch.cat([last_ids[:, None], token_ids], dim=1)
    longest = int(lengths.max())
    is_ragged = bool((lengths < longest).any())
    chunk_length = default_chunk_length(model, num_rows=len(token_ids))
    with inference(model):
        for start in range(0, longest, chunk_length):
            end = min(start + chunk_length, longest)
            left = (lengths - start).clamp(0, end - start).to(model.device)
            nll, state = model.nll(
                inputs[:, start:end].to(model.device),
                token_ids[:, start:end].to(model.device),
                state,
                left if is_ragged else None,
            )
            log_probs[:, start:end] = 0.0 - nll.cpu().double()
    _require_numbers(log_probs)
    return log_probs, state


def _require_numbers(log_probs: Float64[Tensor, "rows time"]) -> None:
    places = log_probs.isnan().nonzero().tolist()
    if places:
        row, step = places[0]
        raise DivergedError(
            f"the model returns NaN for the token at step {step} of row {row}, counted from 0.",
            help="Its weights are not finite; load an earlier checkpoint.",
        )
