"""Training a model into a run folder, or saying what that would take."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nextword.base import (
    ConfigError,
    Layer,
    Values,
    checked_path,
    decode_layers,
    merge,
    read_toml,
)
from nextword.families import FAMILIES
from nextword.storage import RunFolder, read_model_config
from nextword.text import ByteStream
from nextword.training import (
    Callback,
    NgramPlan,
    Plan,
    RunConfig,
    RunResult,
    StageProgress,
    plan_training,
    read_recipe,
    refuse_idle_settings,
    refuse_other_parts,
    run_training,
)

DEFAULT_RECIPE = "lstm-small"
DEFAULT_FAMILY = "recurrent"

#: The recipe that is taken when none is named and the settings ask for a family.
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
    texts: str | Sequence[str] = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Values | None = None,
) -> RunConfig:
    """Resolve the settings of a training: recipe, then what is set on top, in order.

    Args:
        texts: Training texts: files, folders, globs, `stdlib:`.
        recipe: Name or TOML file. When None and nothing is saved it is the default recipe, that
            of the family where the settings ask for one.
        settings: Nested values, later ones win.
        saved: The settings of a run to go on with.

    Raises:
        ConfigError: A setting is unknown, out of range, or would change nothing.
    """
    base = _base_layer(recipe, settings, saved)
    named = (texts,) if isinstance(texts, str) else tuple(texts)
    given = [Layer({"text": {"train": named}}, source="texts")] if named else []
    try:
        config = decode_layers(RunConfig, [base, *given, *settings])
    except ConfigError as error:
        raise ConfigError(error.message, help=_family_help(base, settings) or error.help) from error
    refuse_idle_settings(config, settings)
    if config.text.init is not None:
        stored = read_model_config(checked_path(config.text.init))
        refuse_other_parts(config.text.init, stored, settings)
    return config


def train(
    texts: str | Sequence[str] = (),
    *,
    out: str | Path,
    recipe: str | None = None,
    settings: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> RunResult:
    """Train a model into a run folder.

    Args:
        texts: Training texts, named as on the command line; may be left out when going on.
        out: The run folder.
        recipe: Name of a recipe or a TOML file.
        settings: Nested values over the recipe, such as `{"training": {"epochs": 3}}`.
        resume: `never`, `auto` to go on with a run that stopped, or `old-text` to go on although
            its text has changed, with the text as it was encoded.
        callbacks: Gives what watches the training.
        on_stage: Is told of stages before and after it.
        standard_input: The stream that the text `-` stands for.

    Returns:
        Figures and folders; `nw.load(result.run)` gives the model.
    """
    out = checked_path(out)
    layers = [settings] if isinstance(settings, Mapping) else list(settings)
    config = run_config(texts, recipe=recipe, settings=layers, saved=_saved_settings(out, resume))
    return run_training(
        config,
        out,
        resume=resume,
        callbacks=callbacks,
        on_stage=on_stage,
        standard_input=standard_input,
    )


def plan(
    config: RunConfig,
    *,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> Plan | NgramPlan:
    """Say what a training would take, without training."""
    return plan_training(config, on_stage=on_stage, standard_input=standard_input)


def _base_layer(
    recipe: str | None, settings: Sequence[Mapping[str, object]], saved: Values | None
) -> Values:
    """Return what the settings stand on: the recipe named, the saved run, or a default recipe."""
    if recipe is None and saved is not None:
        return saved
    family = _family_of(merge(*settings))
    name = RECIPE_OF_FAMILY.get(family, DEFAULT_RECIPE) if recipe is None else recipe
    base = Layer(read_recipe(name), source=f"recipe {name}")
    if recipe is None and family in FAMILIES and family not in RECIPE_OF_FAMILY:
        del base["model"]  # a family from outside has sizes of its own
    if recipe is None:
        _logger.info("no recipe is named; the settings are those of %s", name)
    return base


def _family_of(values: Mapping[str, Any]) -> str:
    """Return the family that nested values ask for; that of the default recipe otherwise."""
    model = values.get("model")
    family = model.get("family") if isinstance(model, Mapping) else None
    return family if isinstance(family, str) else DEFAULT_FAMILY


def _family_help(base: Values, settings: Sequence[Mapping[str, object]]) -> str:
    """Say which recipe to take where the settings ask for another family than the recipe's."""
    own, wanted = _family_of(base), _family_of(merge(base, *settings))
    if own == wanted or wanted not in RECIPE_OF_FAMILY:
        return ""
    source = base.source if isinstance(base, Layer) else "the recipe"
    return (
        f"model.family={wanted} is set over {source}, which is of the family {own}: start from "
        f"--recipe {RECIPE_OF_FAMILY[wanted]}."
    )


def _saved_settings(out: Path, resume: str) -> Values | None:
    """Return the settings of the run to go on with, if there is one."""
    if resume == "never" or not (out / "config.toml").is_file():
        return None
    run = RunFolder.open(out)
    source = str(run.config_file)
    return Layer(read_toml(run.read_config(), source=source), source=source)
