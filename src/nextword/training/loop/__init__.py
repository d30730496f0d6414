"""The training loop of every task: an `Objective`, its updates, records and checkpoints."""

from nextword.training.loop.callbacks import (
    Callback,
    GradientRecords,
    MetricsFile,
    TensorBoard,
    TrainingCurve,
)
from nextword.training.loop.config import LoopConfig
from nextword.training.loop.meter import Meter
from nextword.training.loop.objective import Objective, UpdateLoss, Validation
from nextword.training.loop.progress import TrainingProgress
from nextword.training.loop.records import StepRecord, ValidationRecord
from nextword.training.loop.run import Beginning, emptied_on_failure, minimize, open_run
from nextword.training.loop.signals import StopRequest, exit_on_sigterm, stop_on_signals
from nextword.training.loop.state import TrainingState
from nextword.training.loop.trainer import Trainer

__all__ = [
    "Beginning",
    "Callback",
    "GradientRecords",
    "LoopConfig",
    "Meter",
    "MetricsFile",
    "Objective",
    "StepRecord",
    "StopRequest",
    "TensorBoard",
    "Trainer",
    "TrainingCurve",
    "TrainingProgress",
    "TrainingState",
    "UpdateLoss",
    "Validation",
    "ValidationRecord",
    "emptied_on_failure",
    "exit_on_sigterm",
    "minimize",
    "open_run",
    "stop_on_signals",
]
