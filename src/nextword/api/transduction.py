"""Training transducers: sequence-to-sequence models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.displays import Callbacks
from nextword.api.settings import Settings, given_settings
from nextword.api.tasks import task_config, train_task
from nextword.api.texts import Names
from nextword.tasks.running import TaskResult
from nextword.training import ProgressCallback

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
    valid: Names | None = None,
    test: Names | None = None,
    seed: int | None = None,
    settings: Settings | Sequence[Settings] = (),
    resume: str = "never",
    callbacks: Callbacks = (),
    progress: bool = True,
    on_progress: ProgressCallback | None = None,
    **keywords: object,
) -> TaskResult:
    """Train a sequence-to-sequence model into a run folder.

    Args:
        files: Training files of pairs: TSV or JSON lines. May be empty when a run is resumed.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file.
        valid: Validation files; a share of `files` when None.
        test: Test files, evaluated after training.
        seed: Seed of all random number generators; that of the recipe when None.
        settings: Values that override the recipe, nested or with dotted keys, such as
            `{"target": {"kind": "symbol"}}`.
        resume: `never` to refuse a folder that contains a run, `auto` to resume a stopped run.
        callbacks: Callbacks, or a function that returns them for the run folder.
        progress: Show a progress bar, as `nextword.train` does.
        on_progress: Called with (stage, done, total) during the stages before and after training.
        **keywords: Settings by the last part of their names, such as `epochs=3`.

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
    from nextword.tasks.transduction import TransductionRunConfig
    from nextword.tasks.transduction import train_transducer as train

    return train_task(
        train,
        transduction_config,
        files=files,
        out=out,
        recipe=recipe,
        settings=given_settings(
            settings,
            kind=TransductionRunConfig,
            keywords=keywords,
            valid=valid,
            test=test,
            init=None,
            seed=seed,
        ),
        resume=resume,
        callbacks=callbacks,
        progress=progress,
        on_progress=on_progress,
    )
