"""Training: recipes, the loop with truncated back-propagation, callbacks, runs, the planner."""

from nextword.training.baseline import kneser_ney_baseline
from nextword.training.bptt import TruncatedBptt, UpdateLoss
from nextword.training.callbacks import (
    Callback,
    MetricsFile,
    TensorBoard,
    TrainingCurve,
)
from nextword.training.config import EvaluationConfig, RunConfig, TextConfig, TrainingConfig
from nextword.training.data import StageProgress, TrainingData, prepare_data
from nextword.training.effects import refuse_idle_settings, refuse_other_parts
from nextword.training.ngram_planner import NgramPlan
from nextword.training.planner import Plan, plan_training
from nextword.training.progress import Progress
from nextword.training.recipe_files import read_recipe, recipe_names, recipe_text
from nextword.training.records import StepRecord, ValidationRecord
from nextword.training.report import write_report
from nextword.training.run import RunResult, run_training
from nextword.training.signals import StopRequest, stop_on_signals
from nextword.training.state import TrainingState
from nextword.training.trainer import Trainer

__all__ = [
    "Callback",
    "EvaluationConfig",
    "MetricsFile",
    "NgramPlan",
    "Plan",
    "Progress",
    "RunConfig",
    "RunResult",
    "StageProgress",
    "StepRecord",
    "StopRequest",
    "TensorBoard",
    "TextConfig",
    "Trainer",
    "TrainingConfig",
    "TrainingCurve",
    "TrainingData",
    "TrainingState",
    "TruncatedBptt",
    "UpdateLoss",
    "ValidationRecord",
    "kneser_ney_baseline",
    "plan_training",
    "prepare_data",
    "read_recipe",
    "recipe_names",
    "recipe_text",
    "refuse_idle_settings",
    "refuse_other_parts",
    "run_training",
    "stop_on_signals",
    "write_report",
]
