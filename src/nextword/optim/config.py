"""Settings of the optimizer, the learning-rate schedule, gradient clipping and averaging."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from nextword.base import (
    Decay,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    PositiveProbability,
    Probability,
    settings,
)


@settings("optimizer")
@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """`optimizer.*`: the optimizer that updates the weights.

    Attributes:
        kind: `adamw` or `sgd`.
        learning_rate: Learning rate η at the peak of the schedule.
        weight_decay: Weight decay of matrices; biases do not decay.
        momentum: Momentum of `sgd`.
        beta1: Decay of the running mean of the gradient in `adamw`.
        beta2: Decay of the running mean of the squared gradient in `adamw`.
        table_learning_rate: Peak learning rate of the hash table of the family `maxent`. Plain SGD
            updates the table, whatever `kind` is; the rate follows the schedule too.
    """

    kind: Literal["adamw", "sgd"] = "adamw"
    learning_rate: PositiveFloat = 3e-3
    weight_decay: NonNegativeFloat = 0.0
    momentum: Decay = 0.0
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    table_learning_rate: NonNegativeFloat = 200.0


@settings("schedule")
@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """`schedule.*`: the learning rate as a function of the update.

    Attributes:
        kind: `constant`; `cosine` (cosine decay after the warm-up); `one_cycle` (half a cosine up,
            then half a cosine down); or `plateau` (reduced when validation stops improving).
        warmup_share: Fraction of all updates in which the learning rate rises linearly from near 0;
            with `one_cycle` the fraction in which it rises.
        final_share: Final learning rate of `cosine` and `one_cycle`, as a fraction of the peak.
        plateau_factor: Factor that `plateau` multiplies the learning rate by.
        plateau_patience: Number of validations without improvement until `plateau` does so.
    """

    kind: Literal["constant", "cosine", "one_cycle", "plateau"] = "cosine"
    warmup_share: Probability = 0.05
    final_share: Probability = 0.0
    plateau_factor: PositiveProbability = 0.25
    plateau_patience: PositiveInt = 1


@settings("clipping")
@dataclass(frozen=True, kw_only=True)
class ClippingConfig:
    """`clipping.*`: gradient clipping, which prevents exploding gradients.

    Attributes:
        kind: `norm` (scale the gradient down to a norm), `value` (clip each component), `auto` (as
            `norm`, with a threshold relative to the running mean of the norm) or `none`.
        threshold: Threshold γ of `norm` and `value`.
        factor: Threshold γ of `auto`, as a multiple of the running mean of the norm.
        state_threshold: Also clip the gradient with respect to the hidden state, at each step of
            the backward pass through time: each component to [-γ, γ] with this γ, whatever `kind`
            is. Not clipped when not set. Only the backends `hoisted` and `reference` support it.
    """

    kind: Literal["norm", "value", "auto", "none"] = "norm"
    threshold: PositiveFloat = 0.25
    factor: Annotated[float, Field(ge=0.5, le=10)] = 2.0
    state_threshold: PositiveFloat | None = None


@settings("averaging")
@dataclass(frozen=True, kw_only=True)
class AveragingConfig:
    """`averaging.*`: an average of the weights, which is validated and saved in their place.

    Attributes:
        decay: Decay per update of the exponential moving average, such as 0.999; 0 turns it off.
    """

    decay: Decay = 0.0
