"""Sampling of the next token from a distribution: filters, each a pure function, and the draw.

Uses distributions over ids; does not depend on models, states or text. A filter takes unnormalized
log-probabilities and sets those that it removes to -inf. The order of the filters:

1. repetition penalty, on the log-probabilities of the model;
2. temperature; 0 keeps only the most probable id;
3. top-k, 4. min-p, 5. top-p, 6. typical-p, each on the ids that the previous filter kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from pydantic import Field
from torch import Tensor

from nextword.base import (
    DivergedError,
    NoChoiceError,
    PositiveInt,
    PositiveProbability,
    Probability,
    settings,
)

#: Above these limits sampling is uniform, or every token that was seen before is removed.
MAX_TEMPERATURE = 1e6
MAX_REPETITION_PENALTY = 1e6

Scores = Float[Tensor, "batch vocab"]


@settings()
@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Settings of sampling; the default draws from the distribution of the model.

    Attributes:
        temperature: Divisor of the log-probabilities; 0 always chooses the most probable token.
        top_k: Keep this number of the most probable tokens, and all ties with the last of them.
        top_p: Keep the fewest most probable tokens whose probabilities sum to at least this.
        min_p: Keep tokens whose probability is at least this fraction of the highest one.
        typical_p: Keep the tokens whose log-probabilities are nearest to the negative entropy, and
            whose probabilities sum to at least this.
        repetition_penalty: Factor of the log-probabilities of tokens seen before: above 1 they
            become rarer, below 1 more frequent.
    """

    temperature: Annotated[float, Field(ge=0, le=MAX_TEMPERATURE)] = 1.0
    top_k: PositiveInt | None = None
    top_p: PositiveProbability | None = None
    min_p: Probability | None = None
    typical_p: PositiveProbability | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=MAX_REPETITION_PENALTY)] = 1.0


def filter_log_probs(
    log_probs: Scores, seen: Bool[Tensor, "batch vocab"], *, config: SamplingConfig
) -> Scores:
    """Apply the filters in the order that the docstring of this module lists.

    Args:
        log_probs: Log-probabilities, (batch, vocab), in nats; -inf for banned ids.
        seen: True for ids that are already part of the row, (batch, vocab).
        config: Settings of the filters.

    Returns:
        Log-probabilities, (batch, vocab), in nats: -inf for removed ids, and renormalized.

    Raises:
        ConfigError: A row has no token with positive probability.
        DivergedError: A row contains NaN.
    """
    _require_choice(log_probs)
    scores = penalise_repetition(log_probs, seen, penalty=config.repetition_penalty)
    scores = apply_temperature(scores, config.temperature)
    if config.top_k is not None:
        scores = keep_top_k(scores, config.top_k)
    if config.min_p is not None:
        scores = keep_min_p(scores, config.min_p)
    if config.top_p is not None:
        scores = keep_top_p(scores, config.top_p)
    if config.typical_p is not None:
        scores = keep_typical_p(scores, config.typical_p)
    return scores.log_softmax(-1)


def penalise_repetition(
    log_probs: Scores, seen: Bool[Tensor, "batch vocab"], *, penalty: float
) -> Scores:
    """Multiply the log-probabilities of seen ids by the penalty.

    Log-probabilities are never above 0, so multiplication always lowers them if the penalty is
    above 1. With raw logits the operation would depend on their sign.

    Args:
        log_probs: Log-probabilities, (batch, vocab), in nats.
        seen: True for ids that are already part of the row, (batch, vocab).
        penalty: The factor, above 0.

    Returns:
        Unnormalized log-probabilities, (batch, vocab).
    """
    if penalty == 1.0:
        return log_probs
    return torch.where(seen, log_probs * penalty, log_probs)


def apply_temperature(scores: Scores, temperature: float) -> Scores:
    """Divide scores by the temperature; at 0, keep only the first of the highest scores.

    Example:
        >>> apply_temperature(torch.tensor([[1.0, 3.0, 2.0]]), 0.0)
        tensor([[-inf, 0., -inf]])
    """
    highest = scores.amax(-1, keepdim=True)
    if temperature > 0.0:
        # Scores relative to the highest do not overflow at a temperature near 0.
        return (scores - highest) / temperature
    best = (scores == highest).to(torch.int8).argmax(-1, keepdim=True)
    return torch.full_like(scores, -torch.inf).scatter(-1, best, 0.0)


def keep_top_k(scores: Scores, top_k: int) -> Scores:
    """Remove ids whose score is below the k-th highest one; ties are kept."""
    last = scores.topk(min(top_k, scores.shape[-1]), dim=-1).values[:, -1:]
    return scores.masked_fill(scores < last, -torch.inf)


def keep_min_p(scores: Scores, min_p: float) -> Scores:
    """Remove ids that are less than `min_p` times as probable as the most probable id."""
    relative = (scores - scores.amax(-1, keepdim=True)).exp()
    return scores.masked_fill(relative < min_p, -torch.inf)


def keep_top_p(scores: Scores, top_p: float) -> Scores:
    """Keep the smallest set of most probable ids whose probabilities sum to at least `top_p`.

    At least one id is kept. Ties are ordered by id.
    """
    if top_p >= 1.0:
        # Due to rounding, the sum can reach 1 before the least probable ids.
        return scores
    return _keep_first(scores, order=-scores, mass=top_p)


def keep_typical_p(scores: Scores, typical_p: float) -> Scores:
    """Keep the most typical ids, whose probabilities sum to at least `typical_p`.

    An id is typical if the log of its probability is near to the expected one, the negative
    entropy. So the most probable id can be removed too. At least one id is kept; ties are ordered
    by id.

    Source: [meister2023].

    Example:
        >>> keep_typical_p(torch.tensor([[0.6, 0.2, 0.2]]).log(), 0.5).exp()
        tensor([[0.6000, 0.0000, 0.0000]])
        >>> keep_typical_p(torch.tensor([[0.4, 0.2, 0.2, 0.2]]).log(), 0.5).exp()
        tensor([[0.0000, 0.2000, 0.2000, 0.2000]])
    """
    if typical_p >= 1.0:
        return scores
    log_probs = scores.log_softmax(-1)
    entropy = torch.special.entr(log_probs.exp()).sum(-1, keepdim=True)
    return _keep_first(scores, order=(log_probs + entropy).abs(), mass=typical_p)


def _keep_first(scores: Scores, *, order: Scores, mass: float) -> Scores:
    """Keep the first ids, by rising `order`, whose probabilities sum to at least `mass`."""
    ids = order.argsort(dim=-1, stable=True)
    ordered = scores.softmax(-1).gather(-1, ids)
    before = ordered.cumsum(-1) - ordered
    ruled_out = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, ids, before >= mass)
    return scores.masked_fill(ruled_out, -torch.inf)


def sample(log_probs: Scores, generators: Sequence[np.random.Generator]) -> Int64[Tensor, " batch"]:
    """Sample one id for each row; ids with probability 0 are never sampled.

    Inverse transform sampling is several times faster than `torch.multinomial`. It takes exactly
    one number from the generator of each row, so a row does not depend on the number of rows.

    Args:
        log_probs: Log-probabilities on the CPU, (batch, vocab); at least one is above -inf in each
            row.
        generators: One random number generator for each row.

    Returns:
        Ids, (batch).
    """
    cumulative = log_probs.double().softmax(-1).cumsum(-1)
    total = cumulative[:, -1:]
    uniform = torch.tensor([[generator.random()] for generator in generators], dtype=torch.float64)
    # Strictly below the total despite rounding, so that an id with positive probability is found.
    drawn = torch.minimum(uniform * total, total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, drawn, right=True).squeeze(-1)


def _require_choice(log_probs: Scores) -> None:
    highest = log_probs.amax(-1)
    if bool(highest.isnan().any()):
        raise DivergedError(
            "the model returns NaN for the next token.",
            help="Its weights are not finite; use an earlier checkpoint.",
        )
    if bool((highest == -torch.inf).any()):
        raise NoChoiceError.of(log_probs.shape[-1])
