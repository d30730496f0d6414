"""Recipes: named settings that are known to work, one TOML file each."""

from importlib.resources import files
from pathlib import Path

from nextword.base import ConfigError, Values, checked_path, did_you_mean, read_toml

_PACKAGE = "nextword.training"
_FOLDER = "recipes"


def recipe_names() -> list[str]:
    """Give the names of all recipes, sorted."""
    folder = files(_PACKAGE) / _FOLDER
    return sorted(
        Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def recipe_text(name: str) -> str:
    """Give a recipe as TOML, comments included.

    Raises:
        ConfigError: There is none of that name; the nearest one is suggested.
    """
    names = recipe_names()
    if name not in names:
        raise ConfigError(f"there is no recipe {name!r}.", help=did_you_mean(name, names))
    return (files(_PACKAGE) / _FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def read_recipe(name_or_file: str) -> Values:
    """Read a recipe by name, or any TOML file of settings by path.

    Raises:
        ConfigError: There is no such recipe or file, or it is not valid TOML.
    """
    path = checked_path(name_or_file)
    if path.suffix != ".toml":
        if path.is_file():
            raise ConfigError(
                f"the name of the recipe file {path} does not end in .toml.",
                help="Name a TOML file of settings, or a recipe: see nextword recipes.",
            )
        return read_toml(recipe_text(name_or_file), source=f"recipe {name_or_file}")
    try:
        # Editors on Windows write a byte order mark, which TOML does not allow.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the recipe {path} is not UTF-8: {error}.") from error
    return read_toml(text, source=str(path))
