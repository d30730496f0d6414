"""The learning rate over a training, as a share of its top; it depends on steps alone."""

import math

from nextword.base import Values
from nextword.optim.config import ScheduleConfig


def schedule_share(config: ScheduleConfig, *, step: int, num_steps: int) -> float:
    """Give the learning rate of a step as a share of the top.

    Args:
        config: The schedule; `plateau` is `constant` here, its cuts are `Plateau`'s.
        step: The update about to be made, from 0.
        num_steps: How many updates the training has.

    Source: cosine from Loshchilov & Hutter (2017), one cycle from Smith (2018).

    Example:
        >>> config = ScheduleConfig(kind="cosine", warmup_share=0.5)
        >>> [round(schedule_share(config, step=s, num_steps=4), 2) for s in range(4)]
        [0.5, 1.0, 1.0, 0.5]
    """
    num_rising = round(config.warmup_share * num_steps)
    if step < num_rising:
        risen = (step + 1) / num_rising
        if config.kind != "one_cycle":
            return risen
        return config.final_share + (1 - config.final_share) * (1 - _half_cosine(risen))
    if config.kind in ("constant", "plateau"):
        return 1.0
    fallen = min(1.0, (step - num_rising) / max(1, num_steps - num_rising))
    return config.final_share + (1 - config.final_share) * _half_cosine(fallen)


def _half_cosine(share: float) -> float:
    """Fall smoothly from 1 to 0 as share goes from 0 to 1."""
    return 0.5 * (1.0 + math.cos(math.pi * share))


class Plateau:
    """Cuts the learning rate when validation stops improving.

    Args:
        config: The schedule; does nothing unless its kind is `plateau`.
    """

    def __init__(self, config: ScheduleConfig) -> None:
        self._config = config
        self._best = math.inf
        self._num_bad = 0
        self.share = 1.0

    def observe(self, validation_nll: float) -> None:
        """Take note of a validation figure; lower is better."""
        if self._config.kind != "plateau":
            return
        if validation_nll < self._best:
            self._best, self._num_bad = validation_nll, 0
            return
        self._num_bad += 1
        if self._num_bad >= self._config.plateau_patience:
            self.share *= self._config.plateau_factor
            self._num_bad = 0

    def state_values(self) -> Values:
        """Give what a checkpoint needs."""
        return {"best": self._best, "num_bad": self._num_bad, "share": self.share}

    def load_state_values(self, values: Values) -> None:
        """Go on from what `state_values` gave."""
        self._best, self._num_bad = values["best"], values["num_bad"]
        self.share = values["share"]
