"""Training a model into a run folder, and estimating the size and time of a training."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nextword.api.displays import Callbacks, callbacks_with, display_for
from nextword.api.settings import Settings, given_settings
from nextword.api.texts import Names, names_of
from nextword.base import (
    ConfigError,
    Layer,
    Values,
    checked_path,
    decode_layers,
    merge,
    nested,
)
from nextword.families import FAMILIES, NeuralModelConfig
from nextword.storage import RunFolder, read_model_config
from nextword.text import ByteStream
from nextword.training import (
    NgramPlan,
    Plan,
    ProgressCallback,
    RunConfig,
    RunResult,
    cell_layer,
    is_recipe,
    plan_training,
    read_recipe,
    read_settings,
    refuse_idle_settings,
    refuse_other_parts,
    run_training,
    tokenizer_layer,
    without_given,
)

DEFAULT_RECIPE = "default"
#: The recipe of a training that starts from a model.
FINE_TUNING_RECIPE = "fine-tune"
DEFAULT_FAMILY = "recurrent"

#: The default recipe for each family.
RECIPE_OF_FAMILY = {
    DEFAULT_FAMILY: DEFAULT_RECIPE,
    "convolutional": "convolutional",
    "maxent": "rnn-maxent",
    "ngram": "ngram-5",
    "transformer": "adaptive-transformer",
    "window": "window-5",
}

_logger = logging.getLogger(__name__)


def run_config(
    texts: Names = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Values | None = None,
) -> RunConfig:
    """Return the settings of a training: those of a recipe, overridden by the given ones.

    Args:
        texts: Training texts: files, folders, globs or `stdlib:`.
        recipe: Name of a recipe, or a TOML file. When None: the saved settings if there are any,
            otherwise `fine-tune` if the settings name a model to start from; otherwise the
            default recipe of the family in `settings`.
        settings: Nested values, or values with dotted keys; later ones override earlier ones.
        saved: The settings of a run to resume.

    Raises:
        ConfigError: A setting is unknown, out of range, or has no effect.
    """
    settings = [nested(each) for each in settings]
    base = _base_layer(recipe, settings, saved)
    named = names_of(texts)
    given = [Layer({"text": {"train": named}}, source="texts")] if named else []
    _refuse_task(base, recipe)
    changes = _changed_parts(base, settings)
    try:
        config = decode_layers(RunConfig, [base, *changes, *given, *settings])
    except ConfigError as error:
        raise ConfigError(error.message, help=_family_help(base, settings) or error.help) from error
    refuse_idle_settings(config, settings)
    config = without_given(config, settings)
    if config.text.init is not None:
        stored = read_model_config(checked_path(config.text.init))
        refuse_other_parts(config.text.init, stored, layers=settings)
    return config


def train(
    texts: Names = (),
    *,
    out: str | Path,
    recipe: str | None = None,
    valid: Names | None = None,
    test: Names | None = None,
    init: str | Path | None = None,
    seed: int | None = None,
    settings: Settings | Sequence[Settings] = (),
    resume: str = "never",
    callbacks: Callbacks = (),
    progress: bool = True,
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
    command: str = "",
    reshard: bool = False,
    **keywords: object,
) -> RunResult:
    """Train a model into a run folder.

    In a program that was started on several processes, call it inside
    `nextword.parallel.join_processes()`, in all processes with the same arguments.

    Args:
        texts: Training texts: files, folders, globs or `stdlib:`. May be empty when a run is
            resumed.
        out: The run folder.
        recipe: Name of a recipe, or a TOML file; the recipe `default` when None.
        valid: Validation texts; a share of `texts` when None.
        test: Test texts, evaluated after training.
        init: Model to start from. The updates are then those of the recipe `fine-tune`, also if
            another recipe is named.
        seed: Seed of all random number generators; that of the recipe when None.
        settings: Values that override the recipe, nested or with dotted keys, such as
            `{"model.cell": "gru", "training.epochs": 3}`.
        resume: `never` to refuse a folder that contains a run, `auto` to resume a stopped run, or
            `old-text` to resume it with the text as it was encoded, even if the text has changed.
        callbacks: Callbacks, whose methods are called with records of the training, or a function
            that returns them for the run folder.
        progress: Show a progress bar on standard error if it is a terminal, or in a notebook. Not
            shown if `callbacks` is a function or `on_progress` is given.
        on_progress: Called with (stage, done, total) during the stages before and after training.
        standard_input: Stream to read for the text `-`.
        command: The command line of the training, for the report.
        reshard: Resume a run with another number of processes than it was started with.
        **keywords: Settings by the last part of their names, such as `hidden_size=100` for
            `model.hidden_size`. A name that several sections have is refused.

    Returns:
        The results and folders of the run. `nw.load(result.run)` loads the model.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A text cannot be read.
        TrainingError: Training failed, for example because the loss diverged.

    Example:
        `nw.train("corpus.txt", out="runs/gru", seed=2, cell="gru", epochs=3)`
    """
    out = checked_path(out)
    layers = given_settings(
        settings,
        kind=RunConfig,
        keywords=keywords,
        valid=valid,
        test=test,
        init=init,
        seed=seed,
    )
    config = run_config(
        texts,
        recipe=recipe,
        settings=layers,
        saved=_saved_settings(out, resume),
    )
    with display_for(callbacks, on_progress=on_progress, progress=progress) as display:
        return run_training(
            config,
            out,
            resume=resume,
            callbacks=callbacks_with(display, callbacks),
            on_progress=display.on_progress if on_progress is None else on_progress,
            standard_input=standard_input,
            command=command,
            reshard=reshard,
        )


def plan(
    config: RunConfig,
    *,
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
) -> Plan | NgramPlan:
    """Return the estimated size, memory and time of a training, without training.

    Args:
        config: Settings of the training, as returned by `run_config`.
        on_progress: Called with (stage, done, total) while texts are encoded.
        standard_input: Stream to read for the text `-`.
    """
    return plan_training(config, on_progress=on_progress, standard_input=standard_input)


def _changed_parts(base: Values, settings: Sequence[Mapping[str, object]]) -> list[Layer]:
    """Return what a recipe changes if the user sets another cell or another kind of tokenizer.

    The values of a file of settings and of a saved run do not change.
    """
    name = base.source.removeprefix("recipe ") if isinstance(base, Layer) else ""
    if not is_recipe(name):
        return []
    return [cell_layer(base, settings, name=name), tokenizer_layer(base, settings)]


def _refuse_task(base: Values, recipe: str | None) -> None:
    """Raise an error if the settings to start from are those of a tagger or a classifier."""
    if "encoder" not in base:
        return
    command = "tag" if "tagging" in base else "classify"
    if recipe is not None:
        raise ConfigError(
            f"the recipe {recipe} is not for language models.",
            help=f"Use nextword {command} train.",
        )
    source = base.source if isinstance(base, Layer) else "the folder"
    raise ConfigError(
        f"{source} is that of a run of nextword {command} train, not of a language model.",
        help=f"Choose another --out, or resume it with nextword {command} train.",
    )


def _base_layer(
    recipe: str | None, settings: Sequence[Mapping[str, object]], saved: Values | None
) -> Values:
    """Return the settings to start from: a given recipe, the saved run, or a default recipe."""
    if recipe is None and saved is not None:
        return saved
    merged = merge(*settings)
    family, init = _family_of(merged), merged.get("text", {}).get("init")
    default = RECIPE_OF_FAMILY.get(family, DEFAULT_RECIPE)
    if init is not None:
        default = FINE_TUNING_RECIPE
    elif recipe == FINE_TUNING_RECIPE:
        raise ConfigError(
            f"the recipe {recipe} goes on training a model, and none is named.",
            help="Name the model with --init MODEL, or choose another recipe.",
        )
    name = default if recipe is None else recipe
    if init is not None and recipe is not None:
        name = _recipe_of_start(recipe, init=str(init))
    base = Layer(read_recipe(name), source=f"recipe {name}")
    if recipe is None and family in FAMILIES and family not in RECIPE_OF_FAMILY:
        base.pop("model", None)  # a registered family has its own settings
    if recipe is None:
        _logger.info("no recipe is given: the recipe is %s", name, extra={"notice": True})
    return base


def _recipe_of_start(recipe: str, *, init: str) -> str:
    """Return the recipe of a training that starts from a model: `fine-tune`, for every network.

    The architecture and the tokenizer are those of the model, and the updates of another recipe
    are those of a training from random weights, whose first steps would undo what the model has
    learned. A file of settings is used as it is.

    Args:
        recipe: Name of a recipe, or a TOML file.
        init: The model to start from, for the notice.
    """
    if not is_recipe(recipe) or recipe == FINE_TUNING_RECIPE:
        return recipe
    family = _family_of(read_recipe(recipe))
    if not issubclass(FAMILIES[family], NeuralModelConfig):
        return recipe
    _logger.info(
        "the architecture and the tokenizer are those of %s, and the updates those of the recipe "
        "%s, not of %s, whose rate is for random weights; --set changes them",
        init,
        FINE_TUNING_RECIPE,
        recipe,
        extra={"notice": True},
    )
    return FINE_TUNING_RECIPE


def _family_of(values: Mapping[str, Any]) -> str:
    """Return the family set in nested values, or the default family."""
    model = values.get("model")
    family = model.get("family") if isinstance(model, Mapping) else None
    return family if isinstance(family, str) else DEFAULT_FAMILY


def _family_help(base: Values, settings: Sequence[Mapping[str, object]]) -> str:
    """Return help if the settings have another family than the recipe; otherwise an empty text."""
    own, wanted = _family_of(base), _family_of(merge(base, *settings))
    if own == wanted or wanted not in RECIPE_OF_FAMILY:
        return ""
    source = base.source if isinstance(base, Layer) else "the recipe"
    return (
        f"model.family={wanted} is set, but {source} is for the family {own}: use "
        f"--recipe {RECIPE_OF_FAMILY[wanted]}."
    )


def _saved_settings(out: Path, resume: str) -> Values | None:
    """Return the settings of the run to resume, if there is one."""
    if resume == "never" or not (out / "config.toml").is_file():
        return None
    run = RunFolder.open(out)
    source = str(run.config_file)
    return Layer(read_settings(run.read_config(), source=source), source=source)
