"""Settings that follow the size of the training text, such as the batch size and the epochs.

A recipe names them in `training.by_text`. A setting of the user is never changed.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from nextword.training.config import RunConfig

_logger = logging.getLogger(__name__)

#: Settings that can follow the size of the text.
ChosenByText = Literal[
    "training.batch_size",
    "training.epochs",
    "regularization.input_dropout",
    "regularization.output_dropout",
]
BY_TEXT: tuple[str, ...] = get_args(ChosenByText)

#: Number of tokens that a training reads, repetitions included.
_NUM_TOKENS_READ = 2_300_000
_MOST_EPOCHS = 10
#: Below the first number of tokens a text is small, from the second on it is large.
_SMALL, _LARGE = 400_000, 5_000_000
#: Batch size, input dropout and output dropout of a small, a middling and a large text.
_BY_SIZE: dict[str, tuple[int, float, float]] = {
    "small": (10, 0.2, 0.3),
    "middling": (10, 0.1, 0.2),
    "large": (32, 0.0, 0.1),
}


def choices_for(num_tokens: int) -> tuple[str, dict[str, Any]]:
    """Return the settings for a training text.

    A small text is read several times, with small batches, so that the weights are updated a few
    thousand times, and with dropout, because the model sees every token often. A large one is read
    once, with larger batches.

    Args:
        num_tokens: Number of tokens of the training text.

    Returns:
        The size in a word, and the values by setting.

    Example:
        >>> size, values = choices_for(300_000)
        >>> size, values["training.epochs"]
        ('small', 8)
    """
    size = "small" if num_tokens < _SMALL else "middling" if num_tokens < _LARGE else "large"
    batch_size, input_dropout, output_dropout = _BY_SIZE[size]
    epochs = min(_MOST_EPOCHS, max(1, round(_NUM_TOKENS_READ / num_tokens)))
    return size, {
        "training.batch_size": batch_size,
        "training.epochs": epochs,
        "regularization.input_dropout": input_dropout,
        "regularization.output_dropout": output_dropout,
    }


def choose_by_text(config: "RunConfig", *, num_tokens: int) -> "RunConfig":
    """Choose the settings that `training.by_text` names, and log them as a notice.

    Args:
        config: The settings.
        num_tokens: Number of tokens of the training text.

    Returns:
        The settings without `training.by_text`; unchanged if it is empty.
    """
    names = config.training.by_text
    if not names:
        return config
    size, values = choices_for(num_tokens)
    chosen: dict[str, Any] = {name: values[name] for name in names}
    _logger.info(
        "%s text (%s tokens): %s; --set changes these",
        size,
        f"{num_tokens:,}",
        ", ".join(f"{name}={value}" for name, value in chosen.items()),
        extra={"notice": True},
    )
    return _with_values(config, chosen)


def keep_chosen(config: "RunConfig", saved: "RunConfig") -> "RunConfig":
    """Return the settings of a resumed run, with the values that were chosen when it started.

    Args:
        config: The requested settings.
        saved: Those in the run folder.
    """
    names = config.training.by_text
    kept = {name: getattr(getattr(saved, section), key) for name, section, key in _paths(names)}
    return _with_values(config, kept) if names and not saved.training.by_text else config


def without_given(config: "RunConfig", layers: Sequence[Mapping[str, Any]]) -> "RunConfig":
    """Return the settings where `training.by_text` does not name any that the user sets.

    Args:
        config: The merged settings.
        layers: The settings of the user.
    """
    given = {
        name
        for name, section, key in _paths(config.training.by_text)
        if any(key in (layer.get(section) or {}) for layer in layers)
    }
    left = tuple(name for name in config.training.by_text if name not in given)
    if left == config.training.by_text:
        return config
    return replace(config, training=replace(config.training, by_text=left))


def _with_values(config: "RunConfig", values: Mapping[str, Any]) -> "RunConfig":
    for name, section, key in _paths(tuple(values)):
        part = replace(getattr(config, section), **{key: values[name]})
        config = replace(config, **{section: part})
    return replace(config, training=replace(config.training, by_text=()))


def _paths(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return each name with its section and its key."""
    return [(name, *name.split(".")) for name in names]  # type: ignore[misc]
