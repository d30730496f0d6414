"""Errors for settings of a task that would be ignored."""

from collections.abc import Mapping, Sequence
from typing import Any

from nextword.base import checked_path
from nextword.storage import read_model_config, task_kind
from nextword.tasks.encoding import EncoderConfig
from nextword.tasks.running.config import TaskConfig
from nextword.tasks.running.starting import KEPT_BY_INIT
from nextword.training import refuse_settings


def refuse_idle_task_settings(config: TaskConfig, layers: Sequence[Mapping[str, Any]]) -> None:
    """Raise an error if the user sets something that has no effect on the training of a task.

    Args:
        config: The merged settings.
        layers: The settings of the user, over a recipe or a saved run.

    Raises:
        CheckpointError: The model that training starts from cannot be read.
        ConfigError: A setting has no effect; the message contains the reason.
    """
    defaults = type(config)()
    refuse_settings(
        config.idle_settings(),
        layers,
        default=lambda path: _listed(getattr(getattr(defaults, path[0], None), path[1], None)),
    )
    init = config.text.init
    if init is not None and isinstance(config.encoder, EncoderConfig):
        _refuse_other_vocabulary(init, layers)


def _refuse_other_vocabulary(init: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """Raise an error if the user sets another vocabulary than that of a task's model."""
    stored = read_model_config(checked_path(init))
    if task_kind(stored) is None:
        return
    reason = f"training keeps the vocabulary and the features of --init {init}"
    encoder = stored.get("encoder", {})
    refuse_settings(
        {f"encoder.{name}": reason for name in KEPT_BY_INIT},
        layers,
        default=lambda path: encoder.get(path[1]),
    )


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
