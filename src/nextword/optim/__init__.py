"""From gradients to better weights: optimisers, schedules, clipping, averaging."""

from nextword.optim.averaging import WeightAverage
from nextword.optim.clipping import Clipped, Clipper
from nextword.optim.config import (
    AveragingConfig,
    ClippingConfig,
    OptimizerConfig,
    ScheduleConfig,
)
from nextword.optim.optimizers import build_optimizer, set_learning_rate
from nextword.optim.schedules import Plateau, schedule_share

__all__ = [
    "AveragingConfig",
    "Clipped",
    "Clipper",
    "ClippingConfig",
    "OptimizerConfig",
    "Plateau",
    "ScheduleConfig",
    "WeightAverage",
    "build_optimizer",
    "schedule_share",
    "set_learning_rate",
]
