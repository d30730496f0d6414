"""`nextword recipes`: list the recipes, or print one."""

from typing import Annotated

import typer

from nextword.cli.options import Debug, Json
from nextword.cli.output import aligned, write_json, write_line, write_text


def recipes(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Print this recipe.")] = None,
    json: Json = False,
    *,
    debug: Debug = False,
) -> None:
    """List the recipes, or print one as TOML."""
    if name is None:
        _list(as_json=json)
    else:
        _show(name, as_json=json)


def _list(*, as_json: bool) -> None:
    from nextword.training import read_recipe, recipe_measured, recipe_names, task_recipe_names

    names = recipe_names() + task_recipe_names()
    described = [(name, str(read_recipe(name).get("description", ""))) for name in names]
    measured = {name: recipe_measured(name) for name in names}
    if as_json:
        entries = [
            {"name": name, "description": text, "measured": measured[name] or None}
            for name, text in described
        ]
        write_json({"recipes": entries})
        return
    rows = [
        row
        for name, text in described
        for row in [(name, text), *([("", measured[name])] if measured[name] else [])]
    ]
    write_line(aligned(rows))


def _show(name: str, *, as_json: bool) -> None:
    from nextword.training import read_recipe, recipe_text

    text = recipe_text(name)
    if as_json:
        settings = read_recipe(name)
        description = settings.pop("description", "")
        write_json({"name": name, "description": description, "settings": settings})
    else:
        write_text(text)
