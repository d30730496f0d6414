"""`nextword settings`."""

import json

import pytest

from cli.caller import Call


def test_settings_of_a_section_have_defaults_and_meanings(cli: Call) -> None:
    lines = cli("settings", "clipping").out.splitlines()

    assert lines[0] == "[clipping]"
    assert any(line.startswith("  clipping.threshold = ") for line in lines)


def test_settings_of_one_name_are_found_in_every_section(cli: Call) -> None:
    finished = cli("settings", "hidden_size", "--json")

    names = {each["name"] for each in json.loads(finished.out)["settings"]}
    assert names == {"model.hidden_size"}


def test_settings_of_a_family_are_told_apart(cli: Call) -> None:
    assert '[model] with family = "window"' in cli("settings", "model").out


@pytest.mark.parametrize("command", ["tag", "classify", "transduce", "read"])
def test_settings_of_a_task(cli: Call, command: str) -> None:
    assert "[training]" in cli("settings", "--command", command).out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("epoch",), "there is no section or setting 'epoch'."),
        (("--command", "bake"), "--command is 'bake'."),
    ],
)
def test_settings_that_do_not_exist_are_refused(
    cli: Call, arguments: tuple[str, ...], error: str
) -> None:
    finished = cli("settings", *arguments)

    assert finished.code == 2
    assert error in finished.err
