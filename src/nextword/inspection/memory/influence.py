"""How far back a changed token still moves the prediction."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.base import DataError
from nextword.inspection.memory.grids import crossing, distances
from nextword.inspection.memory.targets import MemoryText, draw_positions
from nextword.models import LanguageModel, State, inference

#: Tokens read before the farthest changed token.
_NUM_BEFORE = 50
_MAX_ROWS = 64
#: Effects below this share of the effect of the last token count as forgotten.
_FORGOTTEN_SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Influence:
    """The effect of a changed token on the prediction, by its distance.

    Attributes:
        distances: 1 for the last token before the prediction.
        means: Mean of KL(p || p') over positions, in nats: p is the prediction, p' the prediction
            after one token was replaced.
        standard_errors: Standard errors of the means.
        num_positions: Number of positions.
        half_life: Distance at which the effect is half of that of the last token; None if it is
            larger at all distances.
        reach: Distance from which on the effect is below a hundredth of that of the last token;
            None if it is larger at the largest distance.
    """

    distances: tuple[int, ...]
    means: tuple[float, ...]
    standard_errors: tuple[float, ...]
    num_positions: int
    half_life: float | None
    reach: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)


def token_influence(
    model: LanguageModel,
    text: MemoryText,
    *,
    max_distance: int = 200,
    num_positions: int = 200,
    seed: int = 0,
) -> Influence:
    """Measure how much the prediction changes if one earlier token is replaced.

    The new token is drawn from the frequencies of the other tokens in the text. Works for every
    family; for an n-gram model of order n, the effect is exactly 0 from distance n on.

    Args:
        model: The model.
        text: The text.
        max_distance: The largest distance.
        num_positions: Number of predictions to average over.
        seed: Seed of the positions and of the new tokens.

    Returns:
        The mean effect at each distance.

    Raises:
        ConfigError: A number is out of range.
        DataError: The text is too short, or has one token only.

    Source: the divergence of two predictions by distance, after [khandelwal2018].
    """
    grid = distances(max_distance)
    positions = draw_positions(text, first=max_distance, number=num_positions, seed=seed)
    if len(np.unique(text.token_ids)) < 2:
        raise DataError(
            f"{text.description} repeats one token; none can be replaced by another.",
            help="Give a text with different tokens.",
        )
    generator = np.random.default_rng(seed)
    parts = []
    with inference(model):
        for start in range(0, len(positions), _MAX_ROWS):
            chosen = positions[start : start + _MAX_ROWS]
            parts.append(_effects(model, text, chosen, grid=grid, generator=generator))
    effects = np.concatenate(parts)
    means = effects.mean(axis=0)
    errors = effects.std(axis=0, ddof=1) / np.sqrt(len(effects)) if len(effects) > 1 else means * 0
    is_reached = np.flatnonzero(means > _FORGOTTEN_SHARE * means[0])
    last = int(is_reached[-1]) + 1 if len(is_reached) else 0
    return Influence(
        distances=grid,
        means=tuple(means.tolist()),
        standard_errors=tuple(errors.tolist()),
        num_positions=len(effects),
        half_life=crossing(grid, means.tolist(), level=means[0] / 2),
        reach=grid[last] if last < len(grid) else None,
    )


def _effects(
    model: LanguageModel,
    text: MemoryText,
    positions: Int64[np.ndarray, " rows"],
    *,
    grid: tuple[int, ...],
    generator: np.random.Generator,
) -> Float[np.ndarray, "rows distances"]:
    """Return KL(p || p') of each row, with one token at each distance replaced."""
    farthest = grid[-1]
    num_before = min(_NUM_BEFORE, int(positions.min()) - farthest)
    reading = positions[:, None] + np.arange(-farthest - num_before, 0)
    token_ids = torch.from_numpy(text.token_ids[reading]).to(model.device)
    state = model.initial_state(len(positions))
    boundary = torch.full_like(token_ids[:, :1], model.boundary_id)
    state = model.advance(torch.cat([boundary, token_ids[:, :num_before]], dim=1), state)
    window = token_ids[:, num_before:]  # (rows, farthest)
    states = {}
    for near, far in zip((*reversed(grid[:-1]), 0), reversed(grid), strict=True):
        states[far] = state
        if near:
            state = model.advance(window[:, farthest - far : farthest - near], state)
    expected = _last_log_probs(model, window[:, farthest - grid[0] :], state)
    effects = []
    for distance in grid:
        changed = window[:, farthest - distance :].clone()
        changed[:, 0] = _others(text, changed[:, 0], generator=generator)
        effects.append(_divergence(expected, _last_log_probs(model, changed, states[distance])))
    return torch.stack(effects, dim=1).cpu().numpy()


def _last_log_probs(model: LanguageModel, token_ids: Tensor, state: State) -> Tensor:
    """Read tokens and return the log-probabilities after the last one, (rows, vocab)."""
    if token_ids.shape[1] > 1:
        state = model.advance(token_ids[:, :-1], state)
    log_probs, _ = model.next_log_probs(token_ids[:, -1:], state)
    return log_probs[:, -1].double()


def _others(text: MemoryText, token_ids: Tensor, *, generator: np.random.Generator) -> Tensor:
    """Return tokens drawn from the text that differ from the given ones."""
    old = token_ids.cpu().numpy()
    new = old.copy()
    while (same := new == old).any():
        new[same] = generator.choice(text.token_ids, size=int(same.sum()))
    return torch.from_numpy(new).to(token_ids.device)


def _divergence(log_probs: Tensor, changed: Tensor) -> Tensor:
    """Return KL(p || p') of each row, (rows), in nats."""
    terms = torch.where(log_probs > -torch.inf, log_probs.exp() * (log_probs - changed), 0.0)
    # The sum is not negative, up to rounding.
    return terms.nan_to_num(nan=0.0, posinf=torch.inf).sum(dim=1).clamp_min(0.0)
