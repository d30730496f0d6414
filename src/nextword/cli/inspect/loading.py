"""Loading the models of an instrument: trained ones, and untrained ones of recipes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nextword.cli.loading import load_model

if TYPE_CHECKING:
    from nextword.api import Model
    from nextword.base import Values
    from nextword.text import Corpus

RECIPE_PREFIX = "recipe:"


def load_models(
    names: Sequence[str],
    *,
    corpus: "Corpus",
    device: str,
    quiet: bool,
    overrides: Sequence[str] = (),
    seed: int | None = None,
) -> "dict[str, Model]":
    """Load models by name.

    Args:
        names: Run folders, model folders, or `recipe:NAME` for the untrained network of a recipe.
        corpus: The text; the tokenizer of an untrained network is trained on it.
        device: Device of the parameters.
        quiet: Whether to show no progress.
        overrides: Values of `--set`, for untrained networks.
        seed: Value of `--seed`, for untrained networks.

    Raises:
        ConfigError: An option for untrained networks is given without one.
    """
    from nextword.base import ConfigError
    from nextword.cli.settings import training_settings

    untrained = [name for name in names if name.startswith(RECIPE_PREFIX)]
    if not untrained and (overrides or seed is not None):
        option = f"--set {overrides[0]}" if overrides else f"--seed {seed}"
        raise ConfigError(
            f"{option} has no effect on trained models.",
            help="Leave it out, or name an untrained network: recipe:NAME.",
        )
    settings = training_settings(overrides=overrides, seed=seed)
    models = {}
    for name in names:
        if name in untrained:
            models[name] = _untrained(name, corpus, device=device, settings=settings)
        else:
            models[name] = load_model(name, device=device, quiet=quiet)
    return models


def _untrained(
    name: str, corpus: "Corpus", *, device: str, settings: "Sequence[Mapping[str, object]]"
) -> "Model":
    from nextword import api
    from nextword.tensors import tune_process

    tune_process()
    return api.untrained_model(
        name.removeprefix(RECIPE_PREFIX), corpus, settings=settings, device=device
    )


def gradient_records(model: "Model") -> "list[Values]":
    """Return the gradient records of a model's training; empty without a run folder.

    Args:
        model: A loaded model.
    """
    from nextword.storage import RunFolder

    folder = model.path.parent if model.path.name == "model" else model.path
    if not (folder / "metrics.jsonl").is_file():
        return []
    records = RunFolder(folder).read_metrics()
    return [record for record in records if isinstance(record.get("gradients"), dict)]
