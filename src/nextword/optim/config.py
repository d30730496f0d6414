"""Settings of the update: optimizer, schedule, clipping and averaging."""

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
    """`optimizer.*`: θ ← θ - η g, or its adaptive form.

    Attributes:
        kind: `adamw` or `sgd`.
        learning_rate: The highest learning rate η of the schedule.
        weight_decay: Weight decay of matrices; biases do not decay.
        momentum: Momentum of SGD.
        beta1: Decay of AdamW's running mean of the gradient.
        beta2: Decay of AdamW's running mean of the squared gradient.
        table_learning_rate: Highest learning rate of the hashed tables of the family `maxent`,
            which plain SGD updates whatever the kind; it follows the schedule too.
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
    """`schedule.*`: the learning rate over the steps of a training.

    Attributes:
        kind: `constant`, `cosine` (down from the top after the warm-up), `one_cycle` (up, then
            down, each half a cosine) or `plateau` (divided whenever validation stops improving).
        warmup_share: Share of all steps in which the rate rises in a straight line from near 0;
            of `one_cycle` the share that goes up.
        final_share: The last learning rate of `cosine` and `one_cycle`, as a share of the top.
        plateau_factor: What `plateau` multiplies the rate by.
        plateau_patience: Validations without improvement before it does.
    """

    kind: Literal["constant", "cosine", "one_cycle", "plateau"] = "cosine"
    warmup_share: Probability = 0.05
    final_share: Probability = 0.0
    plateau_factor: PositiveProbability = 0.25
    plateau_patience: PositiveInt = 1


@settings("clipping")
@dataclass(frozen=True, kw_only=True)
class ClippingConfig:
    """`clipping.*`: gradient clipping, against exploding gradients.

    Attributes:
        kind: `norm` (same direction, smaller step), `value` (each component), `auto` (by norm,
            with a threshold that follows the mean norm) or `none`.
        threshold: γ of `norm` and `value`.
        factor: γ of `auto`, in units of the running mean norm; the course advises 0.5 to 10.
        state_threshold: Also clip the gradient in the backward pass through time: each component of
            the gradient that a step passes to the state before it is clipped to [-γ, γ] with this
            γ, whatever `kind` does to the sum; not clipped when not given. Only the backends
            `hoisted` and `reference` support it.
    """

    kind: Literal["norm", "value", "auto", "none"] = "norm"
    threshold: PositiveFloat = 0.25
    factor: Annotated[float, Field(ge=0.5, le=10)] = 2.0
    state_threshold: PositiveFloat | None = None


@settings("averaging")
@dataclass(frozen=True, kw_only=True)
class AveragingConfig:
    """`averaging.*`: an average of the weights, validated and saved in place of the last ones.

    Attributes:
        decay: Decay per update of the exponential moving average, such as 0.999; 0 turns it off.
    """

    decay: Decay = 0.0
