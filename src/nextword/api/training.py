"""Training a model into a run folder, or saying what that would take."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nextword.api.families import FAMILIES
from nextword.base import Values, decode, merge, read_toml
from nextword.storage import RunFolder
from nextword.text import ByteStream
from nextword.training import (
    Callback,
    Plan,
    RunConfig,
    RunResult,
    StageProgress,
    plan_training,
    read_recipe,
    run_training,
)

DEFAULT_RECIPE = "lstm-small"


def run_config(
    text: str | Sequence[str] = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Values | None = None,
) -> RunConfig:
    """Resolve the settings of a training: recipe, then what is set on top, in order.

    Args:
        text: Training texts.
        recipe: Name or TOML file; the default recipe when None and nothing is saved.
        settings: Nested values, later ones win.
        saved: The settings of a run to go on with.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    if recipe is not None:
        base = read_recipe(recipe)
    else:
        base = saved if saved is not None else read_recipe(DEFAULT_RECIPE)
    texts = (text,) if isinstance(text, str) else tuple(text)
    named: Values = {"text": {"train": texts}} if texts else {}
    return decode(RunConfig, merge(base, named, *settings), source="settings")


def train(
    text: str | Sequence[str] = (),
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
        text: Training texts, named as on the command line; may be left out when going on.
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
    layers = [settings] if isinstance(settings, Mapping) else list(settings)
    config = run_config(
        text, recipe=recipe, settings=layers, saved=_saved_settings(Path(out), resume)
    )
    return run_training(
        config,
        Path(out),
        families=FAMILIES,
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
) -> Plan:
    """Say what a training would take, without training."""
    return plan_training(
        config, families=FAMILIES, on_stage=on_stage, standard_input=standard_input
    )


def _saved_settings(out: Path, resume: str) -> Values | None:
    """Give the settings of the run to go on with, if there is one."""
    if resume == "never" or not (out / "config.toml").is_file():
        return None
    run = RunFolder.open(out)
    return read_toml(run.read_config(), source=str(run.config_file))
