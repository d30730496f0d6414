"""Training transducers: sequence-to-sequence models."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.tasks import task_config, train_task
from nextword.api.texts import Names
from nextword.storage import RunFolder
from nextword.tasks.running import TaskResult
from nextword.training import Callback, ProgressCallback

if TYPE_CHECKING:
    from nextword.tasks.transduction import TransductionRunConfig

TRANSDUCER_RECIPE = "transducer"


def transduction_config(
    files: Names = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Mapping[str, object] | None = None,
) -> "TransductionRunConfig":
    """Return the settings for training a transducer; arguments are those of `tagging_config`.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    from nextword.tasks.transduction import TransductionRunConfig

    return task_config(
        TransductionRunConfig,
        files,
        recipe=recipe,
        default_recipe=TRANSDUCER_RECIPE,
        settings=settings,
        saved=saved,
    )


def train_transducer(
    files: Names = (),
    *,
    out: str | Path,
    recipe: str | None = None,
    settings: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
) -> TaskResult:
    """Train a sequence-to-sequence model into a run folder.

    Args:
        files: Training files of pairs: TSV or JSON lines. May be empty when a run is resumed.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file.
        settings: Nested values that override the recipe, such as `{"target": {"kind": "symbol"}}`.
        resume: `never` to refuse a folder that contains a run, `auto` to resume a stopped run.
        callbacks: Returns additional callbacks for a run folder.
        on_progress: Called with (stage, done, total) during the stages before and after training.

    Returns:
        The scores and folders of the run. `nextword.load(result.run)` loads the transducer.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A file cannot be read, or a source has no target.
        TrainingError: Training failed, for example because the loss diverged.

    Example:
        `nextword.train_transducer("train.tsv", out="runs/dates")`
    """
    from nextword.tasks.transduction import train_transducer as train

    return train_task(
        train,
        transduction_config,
        files=files,
        out=out,
        recipe=recipe,
        settings=settings,
        resume=resume,
        callbacks=callbacks,
        on_progress=on_progress,
    )
