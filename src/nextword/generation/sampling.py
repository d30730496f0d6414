"""Choosing the next token from a distribution: filters, each a pure function, and the draw.

Knows distributions over ids; nothing of models, states or text. Filters take scores that need not
sum to 1 and mark what they rule out with -inf. Order of application:

1. repetition penalty, on what the model says, before anything is ruled out;
2. temperature, which for 0 keeps the most probable id alone;
3. top-k, 4. min-p, 5. top-p, each on what the one before left, at that temperature.
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
    ConfigError,
    DivergedError,
    PositiveInt,
    PositiveProbability,
    Probability,
    settings,
)

#: Beyond these the draw is uniform, or every token that was seen is ruled out.
MAX_TEMPERATURE = 1e6
MAX_REPETITION_PENALTY = 1e6

Scores = Float[Tensor, "batch vocab"]


@settings()
@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Settings of sampling; the default draws from the distribution of the model.

    Attributes:
        temperature: Divisor of the log-probabilities; 0 always chooses the most probable token.
        top_k: Keep this number of the most probable tokens, and all that tie with the last.
        top_p: Keep the fewest most probable tokens whose probabilities sum to at least this.
        min_p: Keep tokens whose probability is at least this fraction of the highest one.
        repetition_penalty: Factor of the log-probabilities of tokens seen before: above 1 they
            become rarer, below 1 more frequent.
    """

    temperature: Annotated[float, Field(ge=0, le=MAX_TEMPERATURE)] = 1.0
    top_k: PositiveInt | None = None
    top_p: PositiveProbability | None = None
    min_p: Probability | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=MAX_REPETITION_PENALTY)] = 1.0


def filter_log_probs(
    log_probs: Scores, seen: Bool[Tensor, "batch vocab"], *, config: SamplingConfig
) -> Scores:
    """Apply every filter of the configuration, in the order of this module.

    Args:
        log_probs: Log-probabilities, (batch, vocab), nats; -inf for banned ids.
        seen: True for ids that each row has read or made, (batch, vocab).
        config: Which filters, how strong.

    Returns:
        Log-probabilities of what is left, summing to 1 in each row, (batch, vocab).

    Raises:
        ConfigError: A row has no token of positive probability.
        DivergedError: A row holds NaN.
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
    return scores.log_softmax(-1)


def penalise_repetition(
    log_probs: Scores, seen: Bool[Tensor, "batch vocab"], *, penalty: float
) -> Scores:
    """Multiply the log-probability of seen ids by the penalty.

    On log-probabilities, which are never above 0, one rule serves; on raw scores the sign would
    decide whether to multiply or divide.
    """
    return torch.where(seen, log_probs * penalty, log_probs)


def apply_temperature(scores: Scores, temperature: float) -> Scores:
    """Divide scores by the temperature; at 0 only the first of the highest is left.

    Example:
        >>> apply_temperature(torch.tensor([[1.0, 3.0, 2.0]]), 0.0)
        tensor([[-inf, 0., -inf]])
    """
    highest = scores.amax(-1, keepdim=True)
    if temperature > 0.0:
        # Relative to the highest: a temperature near 0 must not overflow.
        return (scores - highest) / temperature
    best = (scores == highest).to(torch.int8).argmax(-1, keepdim=True)
    return torch.full_like(scores, -torch.inf).scatter(-1, best, 0.0)


def keep_top_k(scores: Scores, top_k: int) -> Scores:
    """Rule out ids that score below the k-th highest; ties with it stay."""
    last = scores.topk(min(top_k, scores.shape[-1]), dim=-1).values[:, -1:]
    return scores.masked_fill(scores < last, -torch.inf)


def keep_min_p(scores: Scores, min_p: float) -> Scores:
    """Rule out ids less than `min_p` times as probable as the most probable one."""
    relative = (scores - scores.amax(-1, keepdim=True)).exp()
    return scores.masked_fill(relative < min_p, -torch.inf)


def keep_top_p(scores: Scores, top_p: float) -> Scores:
    """Keep the fewest most probable ids that hold at least `top_p`; among equals, lower ids first.

    An id stays while those before it hold less than `top_p`, so at least one does.
    """
    if top_p >= 1.0:
        # Rounding must not drop a tail too small to move the sum.
        return scores
    ordered, ids = scores.softmax(-1).sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(-1) - ordered
    ruled_out = torch.zeros_like(scores, dtype=torch.bool).scatter(-1, ids, before >= top_p)
    return scores.masked_fill(ruled_out, -torch.inf)


def sample(log_probs: Scores, generators: Sequence[np.random.Generator]) -> Int64[Tensor, " batch"]:
    """Draw one id a row, in proportion to its probability; one of probability 0 never comes.

    The draw inverts the cumulative distribution, which is several times faster than
    `torch.multinomial`, and takes exactly one number from each row's own generator: no row's
    draws depend on how many other rows there are.

    Args:
        log_probs: Log-probabilities on the CPU, (batch, vocab); each row has one above -inf.
        generators: One for each row.

    Returns:
        Ids, (batch).
    """
    cumulative = log_probs.double().softmax(-1).cumsum(-1)
    total = cumulative[:, -1:]
    uniform = torch.tensor([[generator.random()] for generator in generators], dtype=torch.float64)
    # Strictly below the total, whatever the rounding: an id is found, and one of weight above 0.
    drawn = torch.minimum(uniform * total, total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, drawn, right=True).squeeze(-1)


def _require_choice(log_probs: Scores) -> None:
    highest = log_probs.amax(-1)
    if bool(highest.isnan().any()):
        raise DivergedError(
            "the model gives NaN for the next token.",
            help="Its weights are not finite; use an earlier checkpoint.",
        )
    if bool((highest == -torch.inf).any()):
        raise ConfigError(
            f"no token is left to choose from: all {log_probs.shape[-1]} are banned or have "
            "probability 0.",
            help="Ban fewer tokens.",
        )
