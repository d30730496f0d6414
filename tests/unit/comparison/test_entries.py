"""Names of rows and their sources."""

from pathlib import Path

import pytest

from nextword.base import ConfigError, DataError
from nextword.comparison import parse_entries
from nextword.comparison.entries import error_of_row


def test_recipes_orders_and_names() -> None:
    found = parse_entries(["ngram-2", "lstm-small", "tanh=elman"])

    assert [each.name for each in found] == ["ngram-2", "lstm-small", "tanh"]
    assert [each.source for each in found] == ["ngram-2", "lstm-small", "elman"]
    assert found[0].settings == ()


def test_settings_of_a_row_come_after_its_own() -> None:
    (found,) = parse_entries(["ngram-2"], settings={"ngram-2": [{"model": {"order": 4}}]})

    assert found.source == "ngram-2"
    assert [layer["model"]["order"] for layer in found.settings] == [4]


def test_a_path_is_a_trained_model(tmp_path: Path) -> None:
    (tmp_path / "mine" / "model").mkdir(parents=True)

    (run, model) = parse_entries([str(tmp_path / "mine"), f"again={tmp_path / 'mine' / 'model'}"])

    assert (run.name, run.is_trained) == ("mine", True)
    assert (model.name, model.is_trained) == ("again", True)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["elmann"], "neither a recipe nor a trained model"),
        (["elman", "elman"], "used for two rows"),
        ([], "no models are named"),
        (["tanh=elmann"], "'elmann' is neither a recipe nor a trained model"),
        (["runs/rate=0.1"], "'runs/rate=0.1' is neither a recipe nor a trained model"),
    ],
)
def test_wrong_rows_are_refused(items: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_entries(items)


@pytest.mark.parametrize("name", ["../x", "a/b", "größe", "my row", "-x", ""])
def test_a_name_with_other_characters_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{name}' cannot be the name of a row\.") as caught:
        parse_entries([f"{name}=elman"])

    assert "letters a to z and A to Z, digits, dots, hyphens and underscores" in caught.value.help
    assert "row-1=elman" in caught.value.help


def test_a_path_whose_name_cannot_be_that_of_a_row_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my run").mkdir()
    (tmp_path / "rate=0.1" / "gru").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match="'my run' cannot be the name of a row") as caught:
        parse_entries(["my run"])

    assert "row-1=my run" in caught.value.help
    found = parse_entries(["row-1=my run", "./rate=0.1/gru"])
    assert [(each.name, each.source) for each in found] == [
        ("row-1", "my run"),
        ("gru", "./rate=0.1/gru"),
    ]


def test_settings_of_an_unknown_row_are_refused() -> None:
    with pytest.raises(ConfigError, match="not a row") as caught:
        parse_entries(["elman"], settings={"elmann": [{}]})

    assert "elman" in caught.value.help


def test_the_error_of_a_row_has_advice_that_compare_can_follow() -> None:
    config = error_of_row("a", ConfigError("b is 3.", help="Leave --init out.", setting="model.b"))
    data = error_of_row("a", DataError("no words.", help="Use --recipe elman or --init MODEL."))

    assert isinstance(config, ConfigError)
    assert (config.message, config.help) == ("row a: b is 3.", "Leave text.init out.")
    assert config.setting == "model.b"
    assert isinstance(data, DataError)
    assert data.help == "Use --models elman or --set text.init=MODEL."
