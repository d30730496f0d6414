"""A training run of any task: settings, objective, best model, resume, card and report."""

from nextword.tasks.running.card import write_task_card
from nextword.tasks.running.config import (
    TaskConfig,
    TaskEvaluationConfig,
    TaskTextConfig,
    TaskTrainingConfig,
    portable,
)
from nextword.tasks.running.effects import refuse_idle_task_settings
from nextword.tasks.running.examples import read_examples
from nextword.tasks.running.job import Measurement, TaskJob
from nextword.tasks.running.objective import ExampleObjective
from nextword.tasks.running.run import Prepare, TaskResult, run_task
from nextword.tasks.running.starting import (
    ENCODER_ARCHITECTURE,
    SectionPair,
    new_encoder_parts,
    refuse_new_labels,
    refuse_other_architecture,
    start_word_vectors,
    with_vocabulary_of,
)
from nextword.tasks.running.validation_share import split_off

__all__ = [
    "ENCODER_ARCHITECTURE",
    "ExampleObjective",
    "Measurement",
    "Prepare",
    "SectionPair",
    "TaskConfig",
    "TaskEvaluationConfig",
    "TaskJob",
    "TaskResult",
    "TaskTextConfig",
    "TaskTrainingConfig",
    "new_encoder_parts",
    "portable",
    "read_examples",
    "refuse_idle_task_settings",
    "refuse_new_labels",
    "refuse_other_architecture",
    "run_task",
    "split_off",
    "start_word_vectors",
    "with_vocabulary_of",
    "write_task_card",
]
