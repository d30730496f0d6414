"""A training run of any task: settings, objective, best model, resume, card and report."""

from nextword.tasks.running.card import write_task_card
from nextword.tasks.running.config import (
    TaskConfig,
    TaskEvaluationConfig,
    TaskTextConfig,
    TaskTrainingConfig,
    portable,
)
from nextword.tasks.running.job import Measurement, TaskJob
from nextword.tasks.running.objective import ExampleObjective
from nextword.tasks.running.run import Prepare, TaskResult, run_task
from nextword.tasks.running.validation_share import split_off

__all__ = [
    "ExampleObjective",
    "Measurement",
    "Prepare",
    "TaskConfig",
    "TaskEvaluationConfig",
    "TaskJob",
    "TaskResult",
    "TaskTextConfig",
    "TaskTrainingConfig",
    "portable",
    "run_task",
    "split_off",
    "write_task_card",
]
