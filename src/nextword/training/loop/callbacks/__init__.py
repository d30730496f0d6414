"""Callbacks of a training: metrics, plots and TensorBoard. They do not affect the training."""

from nextword.training.loop.callbacks.contract import Callback
from nextword.training.loop.callbacks.curve import TrainingCurve
from nextword.training.loop.callbacks.gradients import GradientRecords
from nextword.training.loop.callbacks.metrics import MetricsFile
from nextword.training.loop.callbacks.tensorboard import TensorBoard

__all__ = ["Callback", "GradientRecords", "MetricsFile", "TensorBoard", "TrainingCurve"]
