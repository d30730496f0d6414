"""Settings as Python callers give them: nested, with dotted keys, or as keyword arguments."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nextword.api.texts import Names, names_of
from nextword.base import (
    ConfigError,
    Layer,
    Values,
    described_settings,
    did_you_mean,
    nested,
)

#: Nested values, or values with dotted keys.
Settings = Mapping[str, object]

#: Names of settings in other libraries.
_OTHER_NAMES = {
    "d_model": "hidden_size",
    "embedding_dim": "embedding_size",
    "layers": "num_layers",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "num_epochs": "epochs",
    "units": "hidden_size",
}


def given_settings(
    settings: Settings | Sequence[Settings],
    *,
    kind: type,
    keywords: Mapping[str, object],
    valid: Names | None,
    test: Names | None,
    init: str | Path | None,
    seed: int | None,
) -> list[Settings]:
    """Return the settings that a caller of a training function gives, as nested layers.

    Args:
        settings: Nested values, or values with dotted keys; or several of them.
        kind: The class of the settings.
        keywords: Settings by the last part of their names, such as `hidden_size`.
        valid: Validation texts.
        test: Test texts.
        init: Model to start from.
        seed: Random seed.

    Raises:
        ConfigError: A setting is given twice, or a keyword is not the name of one setting.
    """
    # Checked below, because a caller may pass anything.
    layers: list[Any] = [settings]
    if isinstance(settings, Sequence) and not isinstance(settings, str):
        layers = list(settings)
    for layer in layers:
        if not isinstance(layer, Mapping):
            raise ConfigError(
                f"settings are of type {type(layer).__name__}; a dictionary is expected.",
                help='Example: settings={"model.cell": "gru", "training.epochs": 3}.',
            )
    texts = {
        name: list(names_of(given))
        for name, given in (("valid", valid), ("test", test))
        if given is not None
    }
    start = {} if init is None else {"init": str(init)}
    named: Values = {"text": texts | start, "training": {} if seed is None else {"seed": seed}}
    own = {name: values for name, values in named.items() if values}
    return [*map(nested, layers), keyword_settings(keywords, kind=kind), own]


def keyword_settings(keywords: Mapping[str, object], *, kind: type) -> Layer:
    """Return the settings that keyword arguments name by the last part of their names.

    Args:
        keywords: Values by name.
        kind: The class of the settings.

    Raises:
        ConfigError: No setting or more than one has such a name.

    Example:
        >>> from nextword.training import RunConfig
        >>> dict(keyword_settings({"hidden_size": 100, "epochs": 3}, kind=RunConfig))
        {'model': {'hidden_size': 100}, 'training': {'epochs': 3}}
    """
    layer: Values = {}
    known: dict[str, set[str]] = {}
    for section in described_settings(kind) if keywords else ():
        for each in section.settings:
            known.setdefault(each.name.rpartition(".")[2], set()).add(each.name)
    for keyword, value in keywords.items():
        names = sorted(known.get(keyword, ()))
        if not names:
            raise ConfigError(
                f"{keyword}={value!r} names no argument and no setting.",
                help=did_you_mean(_OTHER_NAMES.get(keyword, keyword), sorted(known)),
            )
        if len(names) > 1:
            likely = next((each for each in names if each.startswith("training.")), names[-1])
            raise ConfigError(
                f"{keyword}={value!r} could be {' or '.join(names)}.",
                help=f'Name the section: settings={{"{likely}": {value!r}}}.',
            )
        section_name, _, key = names[0].rpartition(".")
        layer.setdefault(section_name, {})[key] = value
    return Layer(layer, source="keyword arguments")
