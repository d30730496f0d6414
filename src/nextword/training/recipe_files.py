"""Recipes: tested settings with a name, one TOML file each."""

import re
from importlib.resources import files
from pathlib import Path

from nextword.base import ConfigError, Values, checked_path, did_you_mean, read_toml

_PACKAGE = "nextword.training"
_FOLDER = "recipes"
_TASK_FOLDER = "recipes/tasks"
#: A recipe's figure and time; not a setting.
_MEASURED = "measured"
#: `ngram-3` and so on: the recipe ngram-5 with another order.
_ORDER = re.compile(r"ngram-([1-9]\d*)")
_NGRAM_RECIPE, _NGRAM_ORDER = "ngram-5", "order = 5"


def recipe_names() -> list[str]:
    """Return the sorted names of all recipes of language models."""
    return _names(_FOLDER)


def task_recipe_names() -> list[str]:
    """Return the sorted names of all recipes of other tasks, such as tagging."""
    return _names(_TASK_FOLDER)


def _names(folder: str) -> list[str]:
    entries = (files(_PACKAGE) / folder).iterdir()
    return sorted(Path(entry.name).stem for entry in entries if entry.name.endswith(".toml"))


def is_recipe(name: str) -> bool:
    """Return whether a recipe of language models has this name; `ngram-N` is one for every N.

    Example:
        >>> is_recipe("ngram-3"), is_recipe("lstm-tiny")
        (True, False)
    """
    return name in recipe_names() or _ORDER.fullmatch(name) is not None


def recipe_text(name: str) -> str:
    """Return a recipe as TOML, including its comments.

    `ngram-N` is the recipe `ngram-5` with the order N.

    Args:
        name: Name of the recipe.

    Raises:
        ConfigError: No recipe has this name; the message suggests the most similar one.
    """
    names, task_names = recipe_names(), task_recipe_names()
    order = _ORDER.fullmatch(name)
    if order is not None and name not in names:
        values = recipe_text(_NGRAM_RECIPE).partition("\n\n")[2]
        description = f'description = "The recipe {_NGRAM_RECIPE} with order {order[1]}."'
        return f"{description}\n\n{values.replace(_NGRAM_ORDER, f'order = {order[1]}')}"
    if name not in names + task_names:
        raise ConfigError(
            f"there is no recipe {name!r}.", help=did_you_mean(name, names + task_names)
        )
    folder = _FOLDER if name in names else _TASK_FOLDER
    return (files(_PACKAGE) / folder / f"{name}.toml").read_text(encoding="utf-8")


def recipe_measured(name: str) -> str:
    """Return what a recipe reached on a named text and how long it took; empty if not measured."""
    return str(read_toml(recipe_text(name), source=f"recipe {name}").get(_MEASURED, ""))


def _settings_of(text: str, *, source: str) -> Values:
    values = read_toml(text, source=source)
    values.pop(_MEASURED, None)
    return values


def read_recipe(name_or_file: str) -> Values:
    """Read a recipe by name, or any TOML file of settings by path.

    Raises:
        ConfigError: The recipe or file does not exist, or is not valid TOML.
    """
    path = checked_path(name_or_file)
    if path.suffix != ".toml":
        if path.is_file():
            raise ConfigError(
                f"the name of the recipe file {path} does not end in .toml.",
                help="Name a TOML file of settings, or a recipe: see nextword recipes.",
            )
        return _settings_of(recipe_text(name_or_file), source=f"recipe {name_or_file}")
    try:
        # Some editors on Windows write a byte order mark, which TOML does not allow.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the recipe {path} is not UTF-8: {error}.") from error
    return read_settings(text, source=str(path))


def read_settings(text: str, *, source: str) -> Values:
    """Parse settings in TOML, also those that an earlier version wrote into a run folder.

    Earlier versions wrote the default `text.field = "text"` for every text. Today a field is an
    error for a text that is not JSON lines, so it is removed from such a file, which is recognized
    by its tokenizer settings: they have `closed`, but not yet `markers`.

    Args:
        text: The settings in TOML.
        source: Name of the file, for error messages.

    Raises:
        ConfigError: The text is not valid TOML.
    """
    values = _settings_of(text, source=source)
    tokenizer, texts = values.get("tokenizer"), values.get("text")
    is_earlier = (
        isinstance(tokenizer, dict) and "closed" in tokenizer and "markers" not in tokenizer
    )
    if is_earlier and isinstance(texts, dict) and texts.get("field") == "text":
        del texts["field"]
    return values
