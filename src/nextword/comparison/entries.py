"""The models that a comparison names: recipes to train, and trained models."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import ConfigError, DataError, Values, did_you_mean
from nextword.training import is_recipe, read_recipe, recipe_names

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HUGGINGFACE = "hf:"

#: Options of `nextword train` in error messages, and what `nextword compare` has instead.
_INSTEAD = (
    ("--init MODEL", "--set text.init=MODEL"),
    ("--init", "text.init"),
    ("--recipe", "--models"),
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of a comparison before it is measured.

    Attributes:
        name: Name of the row, and of its run folders.
        source: Name or file of a recipe, or path of a trained model.
        is_trained: Whether the source is a trained model.
        settings: Settings of this row, over those of the recipe.
    """

    name: str
    source: str
    is_trained: bool = False
    settings: tuple[Values, ...] = ()


def parse_entries(
    items: Sequence[str], *, settings: Mapping[str, Sequence[Values]] | None = None
) -> list[Entry]:
    """Return the rows that a user names.

    Args:
        items: `SOURCE` or `NAME=SOURCE`. A source is the name or the TOML file of a recipe,
            `ngram-N` for n-grams of another order, or a trained model.
        settings: Settings of single rows, by name.

    Raises:
        ConfigError: A source is unknown, a name is used twice or cannot be the name of a folder, or
            there are settings for a row that does not exist.

    Example:
        >>> [entry.source for entry in parse_entries(["ngram-2", "tanh=elman"])]
        ['ngram-2', 'elman']
    """
    entries: list[Entry] = []
    given = {} if settings is None else dict(settings)
    for item in items:
        entry = _entry(item)
        if entry.name in {each.name for each in entries}:
            raise ConfigError(
                f"the name {entry.name!r} is used for two rows.",
                help="Give one of them another name, such as other=" + entry.source,
            )
        entries.append(_with_settings(entry, given.pop(entry.name, ())))
    if given:
        name = next(iter(given))
        raise ConfigError(
            f"there are settings for {name!r}, which is not a row of the comparison.",
            help=did_you_mean(name, [entry.name for entry in entries]),
        )
    if not entries:
        raise ConfigError(
            "no models are named.", help="Name recipes or models, such as ngram-5,lstm-small."
        )
    return entries


def error_of_row(name: str, error: ConfigError | DataError) -> ConfigError | DataError:
    """Return an error of a training as that of a row, with advice that `compare` can follow.

    Args:
        name: Name of the row.
        error: The error, which may name options of `nextword train`.
    """
    message, advice = error.message, error.help
    for option, instead in _INSTEAD:
        message, advice = message.replace(option, instead), advice.replace(option, instead)
    message = f"row {name}: {message}"
    if isinstance(error, DataError):
        return DataError(message, help=advice)
    return ConfigError(message, help=advice, setting=error.setting)


def _with_settings(entry: Entry, own: Sequence[Values]) -> Entry:
    """Return a row with further settings; raise an error if a trained model has any."""
    if own and entry.is_trained:
        raise ConfigError(
            f"there are settings for the row {entry.name}, which is a trained model.",
            help="Leave them out, or name a recipe.",
        )
    return replace(entry, settings=(*entry.settings, *own))


def _entry(item: str) -> Entry:
    name, equals, source = item.partition("=")
    is_path = not _NAME.fullmatch(name) and (_is_model(item) or not _is_source(source))
    if not equals or is_path:
        name, source = _name_of(item), item
    if not _is_source(source):
        raise ConfigError(
            f"{source!r} is neither a recipe nor a trained model.",
            help=did_you_mean(source, recipe_names()),
        )
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{item!r}: {name!r} cannot be the name of a row.",
            help="A name has the letters a to z and A to Z, digits, dots, hyphens and underscores, "
            f"and begins with a letter or a digit. Write for example row-1={source}.",
        )
    if _is_recipe_or_file(source):
        read_recipe(source)
        return Entry(name=name, source=source)
    return Entry(name=name, source=source, is_trained=True)


def _is_recipe_or_file(source: str) -> bool:
    """Whether a source is trained here: the name of a recipe, or a TOML file."""
    return is_recipe(source) or source.endswith(".toml")


def _is_model(source: str) -> bool:
    return source.startswith(_HUGGINGFACE) or Path(source).exists()


def _is_source(source: str) -> bool:
    return _is_recipe_or_file(source) or _is_model(source)


def _name_of(source: str) -> str:
    """Return the name of a row that is given without one."""
    return Path(source).stem if _is_recipe_or_file(source) else _model_name(source)


def _model_name(source: str) -> str:
    """Return the last part of a path, without `model` of a run folder and without endings."""
    path = Path(source.removeprefix(_HUGGINGFACE))
    path = path.parent if path.name == "model" else path
    return (path.resolve().name if path.exists() else path.name).split(".arpa")[0]
