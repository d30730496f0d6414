"""Errors for settings of a comparison that would be ignored."""

from collections.abc import Mapping, Sequence

from nextword.base import ConfigError, Values, source_of
from nextword.families import NeuralModelConfig
from nextword.training import RunConfig

#: Sections that rows which are fitted by counting have too.
SECTIONS_OF_ALL = ("text", "tokenizer")
#: Settings of the training that such rows have.
_TRAINING_OF_ALL = ("device", "reset")
#: Settings that end a training.
LIMITS = ("epochs", "max_steps", "max_minutes")


def settings_of_all(layer: Mapping[str, object]) -> Values:
    """Return the part of a layer that applies to rows which are fitted by counting.

    Args:
        layer: Nested settings. The copy keeps its values, but not its source.
    """
    kept = {section: values for section, values in layer.items() if section in SECTIONS_OF_ALL}
    training = layer.get("training")
    if isinstance(training, Mapping):
        kept["training"] = {
            key: value for key, value in training.items() if key in _TRAINING_OF_ALL
        }
    return kept


def require_undecided(layer: Mapping[str, object], *, budget: str) -> None:
    """Raise an error if a layer has a setting that the budget or the seeds of a comparison decide.

    Args:
        layer: Nested settings.
        budget: The options of the budget; empty if each recipe has its own length.

    Raises:
        ConfigError: The setting would change nothing.
    """
    deciding = {"seed": "--seeds N trains a row with the seeds 1 to N"}
    if budget:
        deciding |= dict.fromkeys(LIMITS, f"{budget} is the length of training of each network")
    training = layer.get("training")
    given = training if isinstance(training, Mapping) else {}
    for key, reason in deciding.items():
        if given.get(key) is not None:
            place, option = _place(layer, "training", key)
            instead = f", or leave {budget} out" if key in LIMITS else "; choose --seeds instead"
            raise ConfigError(
                f"{place}: training.{key} is {given[key]!r}, which would change nothing: {reason}.",
                help=f"Leave {option} out{instead}.",
            )


def require_used(settings: Sequence[Mapping[str, object]], configs: Sequence[RunConfig]) -> None:
    """Raise an error if a setting of all rows applies to none of them.

    Args:
        settings: Layers of nested settings.
        configs: The settings of the rows that are not trained models.

    Raises:
        ConfigError: The setting applies to no row.
    """
    if any(isinstance(config.model, NeuralModelConfig) for config in configs):
        return
    reason = "no row is trained by gradient descent" if configs else "all rows are trained models"
    for layer in settings:
        used = settings_of_all(layer) if configs else {"text": layer.get("text")}
        for section, values in layer.items():
            known = used.get(section)
            for key in values if isinstance(values, Mapping) else ():
                is_start = (section, key) == ("text", "init")
                if is_start or not isinstance(known, Mapping) or key not in known:
                    place, option = _place(layer, section, key)
                    raise ConfigError(
                        f"{place}: {section}.{key} applies to no row of the comparison: {reason}.",
                        help=f"Leave {option} out.",
                    )


def _place(layer: Mapping[str, object], section: str, key: str) -> tuple[str, str]:
    """Return where a setting comes from, and what to leave out to remove it."""
    source = source_of([section, key], [layer]) or "settings"
    return source, f"{section}.{key}" if source in {"--set", "settings"} else source
