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
    try:
        tensors = [torch.as_tensor(row) for row in rows]
    except (TypeError, ValueError, RuntimeError) as error:
        raise ShapeError(
            f"token_ids are of type {type(rows).__name__} and are not rows of integers.",
            help="Encode the text first: session.feed([tokenizer.encode(text).ids.tolist()]).",
        ) from error
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
            "(rows, time) or as one list a row.",
            help="Pass one list for each row, such as session.feed([[3, 5, 8]]).",
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
    model: LanguageModel, token_ids: TokenIds, *, state: State, num_read: Int64[Tensor, " rows"]
) -> tuple[Float64[Tensor, "rows targets"], State]:
    """Read the first ids of each row, in chunks, and return log-probabilities of those after them.

    Args:
        model: The model.
        token_ids: Ids on the CPU, (rows, targets + 1): the last one of a row is only a target.
        state: The state before them.
        num_read: Number of ids to read in each row, at most the number of targets, (rows).

    Returns:
        Log-probabilities on the CPU in nats, (rows, targets), 0 at padding; and the state after the
        ids that were read.

    Raises:
        DivergedError: The model returns NaN.
    """
    num_rows, num_targets = len(token_ids), token_ids.shape[1] - 1
    log_probs = torch.zeros(num_rows, num_targets, dtype=torch.float64)
    counts = num_read.tolist()
    longest, is_ragged = max(counts), min(counts) < max(counts)
    chunk_length = default_chunk_length(model, num_rows=num_rows)
    with inference(model):
        for start in range(0, longest, chunk_length):
            end = min(start + chunk_length, longest)
            chunk = token_ids[:, start : end + 1].to(model.device)
            left = (num_read - start).clamp(0, end - start).to(model.device) if is_ragged else None
            nll, state = model.nll(chunk[:, :-1], chunk[:, 1:], state, left)
            log_probs[:, start:end] = 0.0 - nll
    _require_numbers(log_probs)
    return log_probs, state


def _require_numbers(log_probs: Float64[Tensor, "rows targets"]) -> None:
    is_nan = log_probs.isnan()
    if is_nan.any():
        row, step = is_nan.nonzero()[0].tolist()
        raise DivergedError(
            f"the model returns NaN for the token at step {step} of row {row}, counted from 0.",
            help="Its weights are not finite; load an earlier checkpoint.",
        )
