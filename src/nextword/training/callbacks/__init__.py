"""What watches a training: metrics, pictures, TensorBoard. None of them changes a number."""

from nextword.training.callbacks.contract import Callback
from nextword.training.callbacks.curve import TrainingCurve
from nextword.training.callbacks.metrics import MetricsFile
from nextword.training.callbacks.tensorboard import TensorBoard

__all__ = ["Callback", "MetricsFile", "TensorBoard", "TrainingCurve"]
