"""Training a model into a run folder, and estimating the size and time of a training."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nextword.api.texts import Names, names_of
from nextword.base import (
    ConfigError,
    Layer,
    Values,
    checked_path,
    decode_layers,
    merge,
)
from nextword.families import FAMILIES
from nextword.progress import ProgressDisplay, default_display
from nextword.storage import RunFolder, read_model_config
from nextword.text import ByteStream
from nextword.training import (
    Callback,
    NgramPlan,
    Plan,
    ProgressCallback,
    RunConfig,
    RunResult,
    cell_layer,
    plan_training,
    read_recipe,
    read_settings,
    recipe_names,
    refuse_idle_settings,
    refuse_other_parts,
    run_training,
    tokenizer_layer,
    without_given,
)

#: Nested values, or values with dotted keys.
Settings = Mapping[str, object]

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
        settings: Nested values; later ones override earlier ones.
        saved: The settings of a run to resume.

    Raises:
        ConfigError: A setting is unknown, out of range, or has no effect.
    """
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
    callbacks: Sequence[Callback] | Callable[[RunFolder], Sequence[Callback]] = (),
    progress: bool = True,
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
    command: str = "",
    reshard: bool = False,
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
        init: Model to start from; see the recipe `fine-tune`.
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

    Returns:
        The results and folders of the run. `nw.load(result.run)` loads the model.

    Raises:
        CheckpointError: The run cannot be resumed.
        ConfigError: A setting is invalid, or `out` contains a run and `resume` is `never`.
        DataError: A text cannot be read.
        TrainingError: Training failed, for example because the loss diverged.

    Example:
        `nw.train("corpus.txt", out="runs/gru", seed=2, settings={"model.cell": "gru"})`
    """
    out = checked_path(out)
    layers = [settings] if isinstance(settings, Mapping) else list(settings)
    layers.append(_named_settings(valid=valid, test=test, init=init, seed=seed))
    config = run_config(
        texts,
        recipe=recipe,
        settings=[nested(layer) for layer in layers],
        saved=_saved_settings(out, resume),
    )
    is_own_display = callable(callbacks) or on_progress is not None or not progress
    with ProgressDisplay() if is_own_display else default_display() as display:
        return run_training(
            config,
            out,
            resume=resume,
            callbacks=callbacks if callable(callbacks) else lambda run: [display, *callbacks],
            on_progress=display.on_progress if on_progress is None else on_progress,
            standard_input=standard_input,
            command=command,
            reshard=reshard,
        )


def nested(settings: Settings) -> Settings:
    """Return settings whose dotted keys are split into sections.

    Args:
        settings: Nested values, values with dotted keys, or both.

    Raises:
        ConfigError: A setting is given twice.

    Example:
        >>> nested({"model.cell": "gru", "model": {"num_layers": 2}})
        {'model': {'cell': 'gru', 'num_layers': 2}}
    """
    if not any("." in str(key) for key in settings):
        return settings
    found: Values = {}
    for name, value in settings.items():
        section, _, key = str(name).partition(".")
        values = {key: value} if key else value
        held = found.get(section)
        if isinstance(held, dict) and isinstance(values, Mapping):
            twice = held.keys() & values.keys()
            if twice:
                raise ConfigError(f"{section}.{min(twice)} is given twice in the settings.")
            found[section] = held | dict(values)
        else:
            found[section] = dict(values) if isinstance(values, Mapping) else values
    return found


def _named_settings(
    *,
    valid: Names | None,
    test: Names | None,
    init: str | Path | None,
    seed: int | None,
) -> Values:
    """Return the settings that the arguments of `train` stand for."""
    texts = {
        name: list(names_of(given))
        for name, given in (("valid", valid), ("test", test))
        if given is not None
    }
    start = {} if init is None else {"init": str(init)}
    sections: Values = {"text": texts | start, "training": {} if seed is None else {"seed": seed}}
    return {name: values for name, values in sections.items() if values}


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
    if name not in recipe_names():
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
    base = Layer(read_recipe(name), source=f"recipe {name}")
    if recipe is None and family in FAMILIES and family not in RECIPE_OF_FAMILY:
        base.pop("model", None)  # a registered family has its own settings
    if recipe is None:
        _logger.info("no recipe is given: the recipe is %s", name, extra={"notice": True})
    return base


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
