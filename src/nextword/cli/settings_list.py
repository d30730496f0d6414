"""`nextword settings`: every setting with its type, default and meaning."""

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import Debug, Json
from nextword.cli.output import write_json, write_line

if TYPE_CHECKING:
    from nextword.base import SettingSection

_WIDTH = 92
#: The recipe of each command without --recipe.
_RECIPES = {
    "train": "default",
    "tag": "tagger",
    "classify": "classifier",
    "transduce": "transducer",
    "read": "reader",
}
_TASKS = tuple(_RECIPES)
#: Settings that choose between sections of one name.
_CHOICES = ("family", "kind")


def settings(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[SECTION|SETTING]",
            help="Section such as training, or setting such as training.epochs or epochs.",
        ),
    ] = None,
    command: Annotated[
        str,
        typer.Option(
            "--command",
            metavar="train|tag|classify|transduce|read",
            help="Command whose settings are listed.",
        ),
    ] = "train",
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List the settings of a training with their types, defaults and meanings.

    Settings are changed with --set SECTION.KEY=VALUE or in a recipe. Recipes change some of the
    defaults: where the recipe of a training without --recipe has another value, that value is
    listed too. `nextword recipes NAME` prints a recipe.
    """
    from nextword.base import ConfigError, did_you_mean

    if command not in _TASKS:
        raise ConfigError(f"--command is {command!r}.", help=did_you_mean(command, _TASKS))
    sections = sections_of(command)
    chosen = sections if name is None else _named(sections, name)
    recipe = _DefaultRecipe(command)
    if json:
        write_json(
            {
                "settings": [
                    {**each.to_dict(), **recipe.to_dict(each.name, part)}
                    for part in chosen
                    for each in part.settings
                ]
            }
        )
        return
    write_line("\n\n".join(_rendered(part, recipe) for part in chosen))


class _DefaultRecipe:
    """The recipe of a training without `--recipe`.

    Args:
        command: `train`, `tag`, `classify`, `transduce` or `read`.
    """

    def __init__(self, command: str) -> None:
        from nextword.training import read_recipe

        self.name = _RECIPES[command]
        self._values = read_recipe(self.name)
        self._by_text = self._values.get("training", {}).pop("by_text", [])

    def value(self, name: str, section: "SettingSection") -> str | None:
        """Return the value of a setting in the recipe as text; None if it does not set it."""
        part, _, key = name.rpartition(".")
        values = self._values.get(part, {}) if part else self._values
        is_chosen = section.choice in ("", *(f'{each} = "{values.get(each)}"' for each in _CHOICES))
        if key == "description" or key not in values or not is_chosen:
            return None
        value = values[key]
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    def follows_text(self, name: str) -> bool:
        """Whether the size of the training text chooses a setting."""
        return name in self._by_text

    def note(self, name: str, section: "SettingSection", *, default: str) -> str:
        """Return the value of the recipe for display; empty if it is the default."""
        if self.follows_text(name):
            return f"without --recipe: chosen by the size of the text (recipe {self.name})"
        value = self.value(name, section)
        return "" if value in (None, default) else f"without --recipe: {value} (recipe {self.name})"

    def to_dict(self, name: str, section: "SettingSection") -> dict[str, str | bool | None]:
        """Return the value of a setting as JSON values."""
        return {
            "without_recipe": None if self.follows_text(name) else self.value(name, section),
            "follows_text": self.follows_text(name),
        }


def sections_of(command: str) -> "list[SettingSection]":
    """Return the sections of the settings of a command that trains.

    Args:
        command: `train`, `tag`, `classify`, `transduce` or `read`.
    """
    from nextword.base import described_settings

    kind: type
    if command == "tag":
        from nextword.tasks.tagging import TaggingRunConfig as kind
    elif command == "classify":
        from nextword.tasks.classification import ClassificationRunConfig as kind
    elif command == "transduce":
        from nextword.tasks.transduction import TransductionRunConfig as kind
    elif command == "read":
        from nextword.tasks.reading import ReadingRunConfig as kind
    else:
        from nextword.training import RunConfig as kind
    return list(described_settings(kind))


def _named(sections: "list[SettingSection]", name: str) -> "list[SettingSection]":
    """Return the sections of a name, or the parts of sections with a setting of that name."""
    from dataclasses import replace

    from nextword.base import ConfigError, did_you_mean

    whole = [section for section in sections if section.name == name]
    if whole:
        return whole
    found = []
    for section in sections:
        settings = tuple(
            each for each in section.settings if name in (each.name, each.name.split(".")[-1])
        )
        if settings:
            found.append(replace(section, settings=settings))
    if not found:
        known = {section.name for section in sections if section.name}
        known |= {each.name for section in sections for each in section.settings}
        raise ConfigError(
            f"there is no section or setting {name!r}.", help=did_you_mean(name, known)
        )
    return found


def _rendered(section: "SettingSection", recipe: _DefaultRecipe) -> str:
    choice = f" with {section.choice}" if section.choice else ""
    lines = [f"[{section.name}]{choice}" if section.name else "[at the top]"]
    lines += textwrap.wrap(section.meaning, _WIDTH)
    for each in section.settings:
        lines.append(f"  {each.name} = {each.default}    ({each.type})")
        note = recipe.note(each.name, section, default=each.default)
        if note:
            lines.append(f"      {note}")
        lines += textwrap.wrap(
            each.meaning, _WIDTH, initial_indent="      ", subsequent_indent="      "
        )
    return "\n".join(lines)
