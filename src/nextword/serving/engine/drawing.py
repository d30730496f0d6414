"""Draw the next token of rows, each with its own settings. Uses distributions, no models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from nextword.generation import SamplingConfig, filter_log_probs, sample
from nextword.serving.engine.request import Bias, TopTokens

#: In place of an id where no token can be drawn.
NOTHING = -1
#: In place of an id where the model returned NaN.
NOT_A_NUMBER = -2


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How the next token of a row is drawn.

    Attributes:
        generator: Random number generator of the row; yields one number per token.
        sampling: Settings of sampling.
        banned_ids: Ids that are never drawn.
        bias: Added to log-probabilities, which are then normalized again.
    """

    generator: np.random.Generator
    sampling: SamplingConfig
    banned_ids: tuple[int, ...]
    bias: Bias


def draw_tokens(
    log_probs: Float64[Tensor, "rows vocab"],
    draws: Sequence[Draw],
    *,
    seen: Bool[Tensor, "rows vocab"] | None,
) -> Int64[Tensor, " rows"]:
    """Draw the next token of each row.

    A row is drawn as `nextword.generation.Session.sample` draws it, and does not depend on the
    other rows. Rows with equal settings are filtered together.

    Args:
        log_probs: Log-probabilities of the model, (rows, vocab), in nats.
        draws: How each row is drawn.
        seen: True for ids that a row has read, (rows, vocab); needed only with a repetition
            penalty.

    Returns:
        Ids, (rows); `NOTHING` in a row with NaN, or whose tokens are all banned or have probability
        0.
    """
    groups: dict[tuple[SamplingConfig, tuple[int, ...]], list[int]] = {}
    for row, draw in enumerate(draws):
        groups.setdefault((draw.sampling, draw.banned_ids), []).append(row)
    token_ids = torch.zeros(len(draws), dtype=torch.int64)
    for (config, _), rows in groups.items():
        part = log_probs if len(rows) == len(draws) else log_probs[rows]
        allowed = _allowed(part, [draws[row] for row in rows])
        has_choice = allowed.amax(1) > -torch.inf  # False for NaN
        if not has_choice.all():
            allowed = allowed.masked_fill(~has_choice[:, None], 0.0)
        marks = None if seen is None else seen[rows]
        drawn = _draw(allowed, [draws[row].generator for row in rows], config=config, seen=marks)
        token_ids[rows] = drawn.masked_fill(~has_choice, NOTHING)
    return token_ids


def top_tokens(log_probs: Float64[Tensor, " vocab"], num_top: int) -> TopTokens:
    """Return the most probable tokens of one distribution.

    Args:
        log_probs: Log-probabilities, (vocab), in nats.
        num_top: Number of tokens; fewer if fewer have a positive probability.
    """
    num_top = min(num_top, len(log_probs))
    lowest = log_probs.topk(num_top).values[-1] if num_top else torch.inf
    # All ties with the last one, so that the lowest ids among them can be chosen.
    ids = (log_probs >= lowest).nonzero().squeeze(1)
    values, order = log_probs[ids].sort(descending=True, stable=True)
    pairs = [
        (token_id, value)
        for token_id, value in zip(ids[order].tolist(), values.tolist(), strict=True)
        if value > -torch.inf
    ][:num_top]
    return TopTokens(
        token_ids=tuple(token_id for token_id, _ in pairs),
        log_probs=tuple(value for _, value in pairs),
    )


def _allowed(log_probs: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Ban ids, the same in all rows, add the biases of rows, and normalize these rows again."""
    if draws[0].banned_ids:
        log_probs = log_probs.index_fill(1, torch.tensor(draws[0].banned_ids), -torch.inf)
    elif any(draw.bias for draw in draws):
        log_probs = log_probs.clone()
    for row, draw in enumerate(draws):
        if draw.bias:
            ids = torch.tensor([token_id for token_id, _ in draw.bias])
            values = torch.tensor([value for _, value in draw.bias], dtype=torch.float64)
            log_probs[row, ids] += values
            log_probs[row] = log_probs[row].log_softmax(-1)
    return log_probs


def _draw(
    allowed: Tensor,
    generators: Sequence[np.random.Generator],
    *,
    config: SamplingConfig,
    seen: Tensor | None,
) -> Tensor:
    """Draw a token of each row, with the same settings."""
    if config.temperature == 0.0 and config.repetition_penalty == 1.0:
        # The first of equal values, as in `apply_temperature`.
        return torch.from_numpy(allowed.numpy().argmax(1))
    if config != SamplingConfig():
        marks = torch.zeros_like(allowed, dtype=torch.bool) if seen is None else seen
        allowed = filter_log_probs(allowed, marks, config=config)
    drawn: Tensor = sample(allowed, generators)
    return drawn
