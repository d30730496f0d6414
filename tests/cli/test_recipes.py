"""Listing and printing recipes."""

import json
import tomllib

from cli.caller import Call
from nextword.training import recipe_names, task_recipe_names


def test_recipes_lists_names_and_descriptions(cli: Call) -> None:
    finished = cli("recipes")

    lines = finished.out.splitlines()
    named = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[0] for line in named] == recipe_names() + task_recipe_names()
    assert all(len(line.split()) > 3 for line in named)


def test_recipes_says_what_a_recipe_reached(cli: Call) -> None:
    lines = cli("recipes").out.splitlines()

    place = next(number for number, line in enumerate(lines) if line.startswith("lstm-small"))
    assert lines[place + 1].strip() == "Penn Treebank: perplexity 87.6, 38 minutes"


def test_recipes_json_has_its_keys(cli: Call) -> None:
    value = json.loads(cli("recipes", "--json").out)

    assert list(value) == ["schema", "recipes"]
    assert [recipe["name"] for recipe in value["recipes"]] == recipe_names() + task_recipe_names()


def test_recipes_name_prints_toml_alone(cli: Call) -> None:
    settings = tomllib.loads(cli("recipes", "lstm-small").out)

    assert settings["model"]["hidden_size"] == 200


def test_recipes_name_json_has_its_keys(cli: Call) -> None:
    value = json.loads(cli("recipes", "lstm-small", "--json").out)

    assert list(value) == ["schema", "name", "description", "settings"]
    assert value["settings"]["model"]["hidden_size"] == 200


def test_recipes_unknown_name_suggests_the_nearest(cli: Call) -> None:
    finished = cli("recipes", "demmo")

    assert finished.code == 2
    assert finished.err == "error: there is no recipe 'demmo'.\nhelp: Did you mean 'demo'?\n"
