"""Optimization: optimizers, learning-rate schedules, gradient clipping, weight averaging."""

from nextword.optim.averaging import WeightAverage
from nextword.optim.clipping import Clipped, Clipper
from nextword.optim.config import (
    AveragingConfig,
    ClippingConfig,
    OptimizerConfig,
    ScheduleConfig,
)
from nextword.optim.optimizers import build_optimizer, set_learning_rate
from nextword.optim.schedules import Plateau, follows_steps, schedule_share
from nextword.optim.sparse_descent import SparseDescent
from nextword.optim.sparse_gradients import gradient_entries, is_plain_descent

__all__ = [
    "AveragingConfig",
    "Clipped",
    "Clipper",
    "ClippingConfig",
    "OptimizerConfig",
    "Plateau",
    "ScheduleConfig",
    "SparseDescent",
    "WeightAverage",
    "build_optimizer",
    "follows_steps",
    "gradient_entries",
    "is_plain_descent",
    "schedule_share",
    "set_learning_rate",
]
