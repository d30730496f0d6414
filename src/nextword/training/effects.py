"""Settings that change nothing beside the others: what somebody asks for must not be ignored.

Only what a person sets over a recipe is refused; a recipe, or the settings of a saved run, may hold
a value that another one makes idle. A value that equals the default is never refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nextword.base import ConfigError, source_of
from nextword.families import NgramConfig, RecurrentSettings
from nextword.training.config import RunConfig

#: Sections that only a network has.
_OF_NETWORKS = (
    *("embedding", "output", "regularization", "optimizer", "schedule", "clipping"),
    *("averaging", "evaluation", "training"),
)
#: Sections that a model to start from brings with it.
_KEPT_BY_INIT = frozenset({"embedding", "model", "tokenizer"})
#: What counting n-grams does read of `training`, or takes because every family does.
_OF_ALL = frozenset({"training.device", "training.reset", "training.seed"})
_COUNTED = "an n-gram model is counted, not trained"


def refuse_idle_settings(config: RunConfig, layers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a setting that a person asks for and that would change nothing.

    Args:
        config: The settings of all layers together.
        layers: What a person sets over a recipe or a saved run.

    Raises:
        ConfigError: A setting has no effect; the message says why.
    """
    idle = dict(_idle_settings(config))
    for path, value in _leaves(layers):
        reason = idle.get(".".join(path)) or idle.get(path[0])
        if reason is None or ".".join(path) in _OF_ALL or value == _default(path):
            continue
        setting, source = ".".join(path), source_of(path, layers) or "settings"
        option = setting if source in {"--set", "settings"} else source
        raise ConfigError(
            f"{source}: {setting} is {value!r}, which would change nothing: {reason}.",
            help=f"Leave {option} out.",
        )


def refuse_other_parts(
    init: str, stored: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse sizes that a person asks for when the training starts from a model with others.

    Args:
        init: The model to start from.
        stored: Its settings.
        layers: What a person sets over a recipe.

    Raises:
        ConfigError: A setting of the model, its embedding or its tokenizer is not that of `init`.
    """
    for path, value in _leaves(layers):
        if path[0] not in _KEPT_BY_INIT:
            continue
        kept = stored.get(path[0], {}).get(path[1])
        if kept != (list(value) if isinstance(value, tuple) else value):
            setting = ".".join(path)
            raise ConfigError(
                f"{source_of(path, layers) or 'settings'}: {setting} is {value!r}, but --init "
                f"{init} has {kept!r}, and a model that training starts from keeps its sizes.",
                help=f"Leave {setting} out, or --init.",
            )


def _idle_settings(config: RunConfig) -> Iterator[tuple[str, str]]:
    """Give the sections and settings that change nothing, each with the reason."""
    if config.text.valid:
        yield "text.split", "a validation text is named, so the training text is not cut"
    if isinstance(config.model, NgramConfig):
        for section in _OF_NETWORKS:
            yield section, _COUNTED
        if config.model.smoothing != "add_k":
            yield "model.k", f"model.smoothing is {config.model.smoothing!r}, not 'add_k'"
        return
    yield from _idle_updates(config)
    if isinstance(config.model, RecurrentSettings):
        yield from _idle_cells(config.model)


def _idle_updates(config: RunConfig) -> Iterator[tuple[str, str]]:
    optimizer, schedule, clipping = config.optimizer, config.schedule, config.clipping
    kind = f"optimizer.kind is {optimizer.kind!r}"
    for name in ("momentum",) if optimizer.kind == "adamw" else ("beta1", "beta2"):
        yield f"optimizer.{name}", kind
    if config.model.family != "maxent":
        yield "optimizer.table_learning_rate", f"the family {config.model.family} has no table"
    kind = f"schedule.kind is {schedule.kind!r}"
    if schedule.kind != "plateau":
        yield "schedule.plateau_factor", kind
        yield "schedule.plateau_patience", kind
    if schedule.kind in {"constant", "plateau"}:
        yield "schedule.final_share", kind
    kind = f"clipping.kind is {clipping.kind!r}"
    if clipping.kind in {"auto", "none"}:
        yield "clipping.threshold", kind
    if clipping.kind != "auto":
        yield "clipping.factor", kind


def _idle_cells(model: RecurrentSettings) -> Iterator[tuple[str, str]]:
    if "elman" not in model.cell and model.cell in _OWN_CELLS:
        yield "model.nonlinearity", f"model.cell is {model.cell!r}; only elman cells have it"
    if "lstm" not in model.cell and model.cell in _OWN_CELLS:
        yield "model.forget_bias", f"model.cell is {model.cell!r}, which has no forget gate's bias"
    if model.num_layers == 1:
        yield "regularization.layer_dropout", "there is one layer, and nothing between layers"


#: Cells of which it is known what they read; one from outside may read anything.
_OWN_CELLS = frozenset(
    {
        *("elman", "elman_preactivation", "gru", "linear", "lstm", "lstm_layer_norm"),
        *("lstm_projected", "min_gru", "min_lstm"),
    }
)


def _leaves(layers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[list[str], Any]]:
    for layer in layers:
        for section, values in layer.items():
            for key, value in values.items() if isinstance(values, Mapping) else ():
                if value is not None:
                    yield [section, key], value


def _default(path: Sequence[str]) -> Any:
    section = NgramConfig() if path == ["model", "k"] else getattr(RunConfig(), path[0], None)
    default = getattr(section, path[1], None)
    return list(default) if isinstance(default, tuple) else default
