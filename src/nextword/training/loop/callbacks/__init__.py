"""What watches a training: metrics, pictures, TensorBoard. None of them changes a number."""

from nextword.training.loop.callbacks.contract import Callback
from nextword.training.loop.callbacks.curve import TrainingCurve
from nextword.training.loop.callbacks.metrics import MetricsFile
from nextword.training.loop.callbacks.tensorboard import TensorBoard

__all__ = ["Callback", "MetricsFile", "TensorBoard", "TrainingCurve"]
