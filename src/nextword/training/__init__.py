"""Training: settings, recipes, the training loop, language modeling, runs and plans.

The folders: `loop` contains the training loop of every task, `language_modeling` the objective for
language models, `data` the preparation of the texts, and `planning` the planner.
"""

from nextword.base import ProgressCallback
from nextword.training.baseline import kneser_ney_baseline
from nextword.training.choices import cell_layer, keep_chosen, tokenizer_layer, without_given
from nextword.training.config import EvaluationConfig, RunConfig, TextConfig, TrainingConfig
from nextword.training.data import (
    OLD_TEXT,
    TrainingData,
    learned_tokenizer,
    open_texts,
    prepare_data,
    require_unchanged,
)
from nextword.training.effects import (
    idle_updates,
    refuse_idle_settings,
    refuse_other_parts,
    refuse_settings,
)
from nextword.training.language_modeling import LanguageModelingObjective, TruncatedBptt
from nextword.training.loop import (
    Callback,
    GradientRecords,
    LoopConfig,
    MetricsFile,
    Objective,
    StepRecord,
    StopRequest,
    TensorBoard,
    Trainer,
    TrainingCurve,
    TrainingProgress,
    TrainingState,
    UpdateLoss,
    Validation,
    ValidationRecord,
    emptied_on_failure,
    exit_on_sigterm,
    minimize,
    open_run,
    stop_on_signals,
)
from nextword.training.model_card import write_model_card
from nextword.training.planning import NgramPlan, Plan, plan_training
from nextword.training.recipe_files import (
    is_recipe,
    read_recipe,
    read_settings,
    recipe_measured,
    recipe_names,
    recipe_text,
    task_recipe_names,
)
from nextword.training.report import gradient_parts, write_report
from nextword.training.resume import resumable_config
from nextword.training.run import RunResult, run_training

__all__ = [
    "OLD_TEXT",
    "Callback",
    "EvaluationConfig",
    "GradientRecords",
    "LanguageModelingObjective",
    "LoopConfig",
    "MetricsFile",
    "NgramPlan",
    "Objective",
    "Plan",
    "ProgressCallback",
    "RunConfig",
    "RunResult",
    "StepRecord",
    "StopRequest",
    "TensorBoard",
    "TextConfig",
    "Trainer",
    "TrainingConfig",
    "TrainingCurve",
    "TrainingData",
    "TrainingProgress",
    "TrainingState",
    "TruncatedBptt",
    "UpdateLoss",
    "Validation",
    "ValidationRecord",
    "cell_layer",
    "emptied_on_failure",
    "exit_on_sigterm",
    "gradient_parts",
    "idle_updates",
    "is_recipe",
    "keep_chosen",
    "kneser_ney_baseline",
    "learned_tokenizer",
    "minimize",
    "open_run",
    "open_texts",
    "plan_training",
    "prepare_data",
    "read_recipe",
    "read_settings",
    "recipe_measured",
    "recipe_names",
    "recipe_text",
    "refuse_idle_settings",
    "refuse_other_parts",
    "refuse_settings",
    "require_unchanged",
    "resumable_config",
    "run_training",
    "stop_on_signals",
    "task_recipe_names",
    "tokenizer_layer",
    "without_given",
    "write_model_card",
    "write_report",
]
