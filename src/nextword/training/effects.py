"""Errors for settings that would be ignored.

Only settings that a user sets over a recipe or a saved run raise an error; those of the recipe or
the run may have no effect. A value that equals the default never raises an error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from nextword.base import ConfigError, source_of
from nextword.training.config import RunConfig
from nextword.training.loop import LoopConfig

#: Sections that are taken from the model that training starts from.
_KEPT_BY_INIT = frozenset({"embedding", "model", "tokenizer"})
#: Settings that every family accepts, even if the rest of their section has no effect.
_ALWAYS_ACCEPTED = frozenset({"training.device", "training.reset", "training.seed"})


def refuse_idle_settings(config: RunConfig, layers: Sequence[Mapping[str, Any]]) -> None:
    """Raise an error if the user sets something that has no effect.

    Args:
        config: The merged settings.
        layers: The settings of the user, over a recipe or a saved run.

    Raises:
        ConfigError: A setting has no effect; the message contains the reason.
    """
    refuse_settings(_idle_settings(config), layers, default=partial(_default, config))


def refuse_settings(
    idle: Mapping[str, str],
    layers: Sequence[Mapping[str, Any]],
    *,
    default: Callable[[Sequence[str]], Any],
) -> None:
    """Raise an error if the user sets one of some settings to a value other than its default.

    Args:
        idle: The settings (`section.key`) and whole sections that have no effect, with the reasons.
        layers: The settings of the user.
        default: Returns the default of a setting, for (section, key).

    Raises:
        ConfigError: A setting has no effect; the message contains the reason.
    """
    for path, value in _leaves(layers):
        reason = idle.get(path[0]) or idle.get(".".join(path))
        if reason is None or ".".join(path) in _ALWAYS_ACCEPTED or value == default(path):
            continue
        setting, source = ".".join(path), source_of(path, layers) or "settings"
        option = setting if source in {"--set", "settings"} else source
        raise ConfigError(
            f"{source}: {setting} is {value!r}, which would change nothing: {reason}.",
            help=f"Leave {option} out.",
        )


def refuse_other_parts(
    init: str, stored: Mapping[str, Any], *, layers: Sequence[Mapping[str, Any]]
) -> None:
    """Raise an error if the user sets something that differs from the model training starts from.

    Args:
        init: The model to start from.
        stored: Its settings.
        layers: The settings of the user, over a recipe.

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
                f"{init} has {kept!r}, and training keeps the architecture of that model.",
                help=f"Leave {setting} out, or --init.",
            )


def _idle_settings(config: RunConfig) -> dict[str, str]:
    """Return the sections and settings that have no effect, with the reasons."""
    idle = config.model.idle_settings()
    if config.text.valid:
        idle["text.split"] = "a validation text is named, so the training text is not split"
    # The reasons of the family replace the general ones.
    return dict(idle_updates(config.loop)) | idle


def idle_updates(config: LoopConfig) -> Iterator[tuple[str, str]]:
    """Yield the settings of the updates that another setting leaves without effect.

    Args:
        config: The settings of the training loop.

    Yields:
        A setting (`section.key`) and the reason.
    """
    optimizer, schedule, clipping = config.optimizer, config.schedule, config.clipping
    kind = f"optimizer.kind is {optimizer.kind!r}"
    for name in ("momentum",) if optimizer.kind == "adamw" else ("beta1", "beta2"):
        yield f"optimizer.{name}", kind
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


def _leaves(layers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[list[str], Any]]:
    for layer in layers:
        for section, values in layer.items():
            for key, value in values.items() if isinstance(values, Mapping) else ():
                if value is not None:
                    yield [section, key], value


def _default(config: RunConfig, path: Sequence[str]) -> Any:
    section = type(config.model) if path[0] == "model" else getattr(RunConfig(), path[0], None)
    default = getattr(section, path[1], None)
    return list(default) if isinstance(default, tuple) else default
