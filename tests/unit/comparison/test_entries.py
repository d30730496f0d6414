"""Names of rows and their sources."""

from pathlib import Path

import pytest

from nextword.base import ConfigError
from nextword.comparison import parse_entries


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
        (["../x=elman"], "neither a recipe"),
    ],
)
def test_wrong_rows_are_refused(items: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_entries(items)


def test_settings_of_an_unknown_row_are_refused() -> None:
    with pytest.raises(ConfigError, match="not a row") as caught:
        parse_entries(["elman"], settings={"elmann": [{}]})

    assert "elman" in caught.value.help
