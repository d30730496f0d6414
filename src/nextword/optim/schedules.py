"""Learning-rate schedules: the rate as a share of the highest one, a function of the step."""

import math

from nextword.base import Values
from nextword.optim.config import ScheduleConfig


def follows_steps(config: ScheduleConfig) -> bool:
    """Return whether the learning rate depends on the number of updates of the training."""
    return config.kind not in ("constant", "plateau") or config.warmup_share > 0.0


def schedule_share(config: ScheduleConfig, *, step: int, num_steps: int) -> float:
    """Return the learning rate of a step as a share of the highest one.

    Args:
        config: The schedule. `plateau` is treated as `constant`; `Plateau` lowers its rate.
        step: The next update, counted from 0.
        num_steps: Number of updates of the training.

    Source: cosine from [loshchilov2017], one cycle from [smith2018].

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
    """Return half a cosine wave, falling from 1 at share 0 to 0 at share 1."""
    return 0.5 * (1.0 + math.cos(math.pi * share))


class Plateau:
    """Lowers the learning rate when validation stops improving.

    Args:
        config: The schedule; does nothing unless its kind is `plateau`.
    """

    def __init__(self, config: ScheduleConfig) -> None:
        self._config = config
        self._best = math.inf
        self._num_bad = 0
        self.share = 1.0

    def observe(self, validation_nll: float) -> None:
        """Update with the result of a validation; lower is better."""
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
        """Return the values that a checkpoint stores."""
        return {"best": self._best, "num_bad": self._num_bad, "share": self.share}

    def load_state_values(self, values: Values) -> None:
        """Restore the values returned by `state_values`."""
        self._best, self._num_bad = values["best"], values["num_bad"]
        self.share = values["share"]
