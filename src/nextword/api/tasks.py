"""Training models of tasks other than language modeling: taggers and classifiers."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nextword.api.displays import Callbacks, callbacks_with, display_for
from nextword.api.settings import Settings, given_settings
from nextword.api.texts import Names, names_of
from nextword.base import ConfigError, Layer, checked_path, decode_layers
from nextword.storage import RunFolder
from nextword.tasks.running import TaskConfig, TaskResult, refuse_idle_task_settings
from nextword.training import ProgressCallback, read_recipe, read_settings

if TYPE_CHECKING:
    from nextword.tasks.classification import ClassificationRunConfig
    from nextword.tasks.tagging import TaggingRunConfig

Config = TypeVar("Config", bound=TaskConfig)

CLASSIFIER_RECIPE = "classifier"
TAGGER_RECIPE = "tagger"


def tagging_config(
    files: Names = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Mapping[str, object] | None = None,
) -> "TaggingRunConfig":
    """Return the settings for training a tagger: those of a recipe, overridden by the given ones.

    Args:
        files: Training files.
        recipe: Name of a recipe, or a TOML file. When None: the saved settings if there are any,
            otherwise the recipe `tagger`.
        settings: Nested values; later ones override earlier ones.
        saved: The settings of a run to resume.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    from nextword.tasks.tagging import TaggingRunConfig

    return task_config(
        TaggingRunConfig,
        files,
        recipe=recipe,
        default_recipe=TAGGER_RECIPE,
        settings=settings,
        saved=saved,
    )


def train_tagger(
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
    """Train a tagger into a run folder.

    Args:
        files: Training files: CoNLL-U, or one word a line with columns. May be empty when a run is
            resumed.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file.
        valid: Validation files; a share of `files` when None.
        test: Test files, evaluated after training.
        seed: Seed of all random number generators; that of the recipe when None.
        settings: Values that override the recipe, nested or with dotted keys, such as
            `{"tagging": {"column": "xpos"}, "text": {"valid": ["dev.conllu"]}}`.
        resume: `never` to refuse a folder that contains a run, `auto` to resume a stopped run.
        callbacks: Callbacks, or a function that returns them for the run folder.
        progress: Show a progress bar, as `nextword.train` does.
        on_progress: Called with (stage, done, total) during the stages before and after training.
        **keywords: Settings by the last part of their names, such as `epochs=3`.

    Returns:
        The scores and folders of the run. `nextword.load(result.run)` loads the tagger.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A file cannot be read, or has no labels.
        TrainingError: Training failed, for example because the loss diverged.

    Example:
        nextword.train_tagger("train.conllu", out="runs/pos")
    """
    from nextword.tasks.tagging import TaggingRunConfig
    from nextword.tasks.tagging import train_tagger as train

    return train_task(
        train,
        tagging_config,
        files=files,
        out=out,
        recipe=recipe,
        settings=given_settings(
            settings,
            kind=TaggingRunConfig,
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


def classification_config(
    files: Names = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Mapping[str, object] | None = None,
) -> "ClassificationRunConfig":
    """Return the settings for training a classifier; arguments as for `tagging_config`.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    from nextword.tasks.classification import ClassificationRunConfig

    return task_config(
        ClassificationRunConfig,
        files,
        recipe=recipe,
        default_recipe=CLASSIFIER_RECIPE,
        settings=settings,
        saved=saved,
    )


def train_classifier(
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
    """Train a text classifier into a run folder.

    Args:
        files: Training files: TSV, CSV, JSON lines, or lines with `__label__` as fastText has them.
            May be empty when a run is resumed.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file.
        valid: Validation files; a share of `files` when None.
        test: Test files, evaluated after training.
        seed: Seed of all random number generators; that of the recipe when None.
        settings: Values that override the recipe, nested or with dotted keys, such as
            `{"columns": {"text": "review", "label": "stars"}, "text": {"valid": ["dev.csv"]}}`.
        resume: `never` to refuse a folder that contains a run, `auto` to resume a stopped run.
        callbacks: Callbacks, or a function that returns them for the run folder.
        progress: Show a progress bar, as `nextword.train` does.
        on_progress: Called with (stage, done, total) during the stages before and after training.
        **keywords: Settings by the last part of their names, such as `epochs=3`.

    Returns:
        The scores and folders of the run. `nextword.load(result.run)` loads the classifier.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A file cannot be read, or has no labels.
        TrainingError: Training failed, for example because the loss diverged.

    Example:
        nextword.train_classifier("reviews.csv", out="runs/reviews")
    """
    from nextword.tasks.classification import ClassificationRunConfig
    from nextword.tasks.classification import train_classifier as train

    return train_task(
        train,
        classification_config,
        files=files,
        out=out,
        recipe=recipe,
        settings=given_settings(
            settings,
            kind=ClassificationRunConfig,
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


def train_task(
    train: Callable[..., TaskResult],
    config_of: Callable[..., Config],
    *,
    files: Names,
    out: str | Path,
    recipe: str | None,
    settings: Sequence[Settings],
    resume: str,
    callbacks: Callbacks,
    progress: bool,
    on_progress: ProgressCallback | None,
) -> TaskResult:
    """Train a model of a task into a run folder.

    Args:
        train: Trains the model, such as `tasks.tagging.train_tagger`.
        config_of: Returns its settings, such as `tagging_config`.
        files: Training files.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file.
        settings: Nested values that override the recipe.
        resume: `never` or `auto`.
        callbacks: Callbacks, or a function that returns them for the run folder.
        progress: Show a progress bar, as `nextword.train` does.
        on_progress: Called with (stage, done, total) during the stages before and after training.

    Returns:
        The scores and folders of the run.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A file cannot be read.
        TrainingError: Training failed, for example because the loss diverged.
    """
    out = checked_path(out)
    saved = saved_task_settings(out, resume)
    config = config_of(files, recipe=recipe, settings=settings, saved=saved)
    with display_for(callbacks, on_progress=on_progress, progress=progress) as display:
        return train(
            config,
            out,
            resume=resume,
            callbacks=callbacks_with(display, callbacks),
            on_progress=display.on_progress if on_progress is None else on_progress,
        )


def task_config(
    kind: type[Config],
    files: Names,
    *,
    recipe: str | None,
    default_recipe: str,
    settings: Sequence[Mapping[str, object]],
    saved: Mapping[str, object] | None,
) -> Config:
    """Return the settings of a task, as `tagging_config` does for taggers.

    Args:
        kind: The class of the settings.
        files: Training files.
        recipe: Name of a recipe, or a TOML file.
        default_recipe: The recipe if neither `recipe` nor `saved` is given.
        settings: Nested values; later ones override earlier ones.
        saved: The settings of a run to resume.

    Raises:
        ConfigError: A setting is unknown, out of range, or has no effect.
    """
    name = default_recipe if recipe is None else recipe
    if recipe is None and saved is not None:
        base = saved
    else:
        base = Layer(read_recipe(name), source=f"recipe {name}")
    named = names_of(files)
    given = [Layer({"text": {"train": named}}, source="files")] if named else []
    try:
        config = decode_layers(kind, [base, *given, *settings])
    except ConfigError as error:
        if "model" in base and recipe is not None:
            raise ConfigError(
                f"the recipe {name} is for language models.",
                help=f"Use --recipe {default_recipe}.",
            ) from error
        raise
    refuse_idle_task_settings(config, settings)
    return config


def saved_task_settings(out: Path, resume: str) -> Layer | None:
    """Return the settings of the run to resume, if there is one.

    Args:
        out: The run folder.
        resume: `never` or `auto`.

    Raises:
        ConfigError: The run in the folder is that of a language model.
    """
    if resume == "never" or not (out / "config.toml").is_file():
        return None
    run = RunFolder.open(out)
    source = str(run.config_file)
    values = read_settings(run.read_config(), source=source)
    if "encoder" not in values:
        raise ConfigError(
            f"{out} contains a run of a language model.",
            help="Choose another --out, or resume it with nextword train.",
        )
    return Layer(values, source=source)
