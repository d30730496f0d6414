"""The loss of a model that sees only the last k tokens."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.base import perplexity
from nextword.inspection.memory.grids import distances
from nextword.inspection.memory.targets import MemoryText
from nextword.models import LanguageModel, inference

_MAX_ROWS = 64
#: A context is long enough when the loss is within this many nats of that of the longest one.
_ENOUGH_NATS = 0.01


@dataclass(frozen=True, kw_only=True)
class ContextCurve:
    """The loss of the same targets with contexts of different lengths.

    Attributes:
        lengths: Numbers of tokens read before each target.
        nll: Mean negative log-likelihood with each length, in nats per token.
        bits_per_byte: The same in bits per byte of the text; empty where targets were not drawn by
            bytes.
        standard_errors: Standard errors of `nll`, or of `bits_per_byte` where it is given.
        num_targets: Number of targets.
        mean_bytes: Mean number of bytes of a token; None where it is not known.
        enough: The shortest length whose loss is within 0.01 nats per token of that of the longest.
    """

    lengths: tuple[int, ...]
    nll: tuple[float, ...]
    bits_per_byte: tuple[float, ...]
    standard_errors: tuple[float, ...]
    num_targets: int
    mean_bytes: float | None
    enough: int

    @property
    def perplexities(self) -> tuple[float, ...]:
        """Perplexity per token with each length."""
        return tuple(perplexity(each, 1) for each in self.nll)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {**asdict(self), "perplexities": list(self.perplexities)}


def context_curve(
    model: LanguageModel,
    text: MemoryText,
    *,
    positions: Int64[np.ndarray, " targets"],
    max_length: int = 200,
    are_bytes: bool = False,
) -> ContextCurve:
    """Score the same targets with the last 1, 2, ... tokens as context.

    Each context starts from the initial state without a boundary, so that the model does
    not see the start of a text.

    Args:
        model: The model.
        text: The text.
        positions: Positions of the targets, each at least `max_length`, (targets).
        max_length: The largest number of tokens.
        are_bytes: Whether the positions are those of random bytes; then the loss is also given per
            byte.

    Returns:
        The losses by length.

    Source: [khandelwal2018].
    """
    lengths = distances(max_length)
    with inference(model):
        losses = np.stack(
            [_losses(model, text, positions, length=length) for length in lengths], axis=1
        )
    nll = losses.mean(axis=0)
    per_byte = np.zeros((len(positions), 0))
    if are_bytes and text.num_bytes is not None:
        per_byte = losses / text.num_bytes[positions][:, None] / math.log(2.0)
    spread = per_byte if are_bytes else losses
    errors = spread.std(axis=0) / math.sqrt(len(positions))
    enough = np.flatnonzero(np.abs(nll - nll[-1]) > _ENOUGH_NATS)
    return ContextCurve(
        lengths=lengths,
        nll=tuple(nll.tolist()),
        bits_per_byte=tuple(per_byte.mean(axis=0).tolist()),
        standard_errors=tuple(errors.tolist()),
        num_targets=len(positions),
        mean_bytes=None if text.num_bytes is None else float(text.num_bytes.mean()),
        enough=lengths[int(enough[-1]) + 1] if len(enough) else lengths[0],
    )


def _losses(
    model: LanguageModel,
    text: MemoryText,
    positions: Int64[np.ndarray, " targets"],
    *,
    length: int,
) -> np.ndarray:
    """Return the loss of each target with a context of some tokens, (targets), in nats."""
    parts = []
    for start in range(0, len(positions), _MAX_ROWS):
        chosen = positions[start : start + _MAX_ROWS]
        read = chosen[:, None] + np.arange(-length, 1)
        ids = torch.from_numpy(text.token_ids[read]).to(model.device)
        parts.append(_last_nll(model, ids).double().cpu().numpy())
    return np.concatenate(parts)


def _last_nll(model: LanguageModel, ids: Int64[Tensor, "rows time"]) -> Tensor:
    state = model.initial_state(len(ids))
    if ids.shape[1] > 2:
        state = model.advance(ids[:, :-2], state)
    nll, _ = model.nll(ids[:, -2:-1].contiguous(), ids[:, -1:].contiguous(), state)
    return nll[:, 0]
