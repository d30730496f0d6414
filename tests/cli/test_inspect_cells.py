"""`nextword inspect cells`: the table, the files, and what is refused."""

import json
from pathlib import Path

import pytest

from cli.caller import Call

FAST = ("--characters", "1500", "--ablation-tokens", "40", "--quiet")


def test_cells_prints_units_and_writes_a_report(
    cli: Call, byte_run: Path, corpus: Path, tmp_path: Path
) -> None:
    result = cli(
        *("inspect", "cells", byte_run, "--text", corpus, "--out", tmp_path / "out", *FAST),
        *("--property", "line_position", "--property", "ones=1+", "--span", "w1"),
        *("--threshold", "0.0001"),
    )

    assert result.code == 0, result.err
    assert "line_position (|r|)  layer 1" in result.out
    assert "ones (AUC)" in result.out
    assert "on throughout 'w1'" in result.out
    assert (tmp_path / "out" / "report.html").is_file()
    assert (tmp_path / "out" / "cells.png").is_file()


def test_cells_json_has_units_controls_and_ablation(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    options = ("--property", "line_position", "--json", *FAST)

    result = cli("inspect", "cells", word_run, "--text", corpus, *options)

    values = json.loads(result.out)
    assert values["schema"] == 1
    assert values["language"] == "text"
    [found] = values["properties"]
    assert set(found["units"][0]["unit"]) == {"layer", "part", "index"}
    assert found["ablation"]["num_tokens"] <= 40
    assert found["untrained"] is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--property", "quote"), "there is no property 'quote' of plain text"),
        (("--language", "ruby"), "the language is 'ruby'"),
        (("--property", "x=("), "is not a regular expression"),
        (("--span", "nowhere"), "'nowhere' does not occur in the 1500 characters"),
        (("--characters", "3"), "is too short"),
        (("--ablation-tokens", "-1"), "--ablation-tokens is -1"),
    ],
)
def test_cells_refuses_wrong_options(
    cli: Call, word_run: Path, corpus: Path, options: tuple[str, str], message: str
) -> None:
    result = cli("inspect", "cells", word_run, "--text", corpus, *FAST, *options)

    assert result.code == 2
    assert message in result.err


def test_cells_of_an_ngram_model_is_refused(cli: Call, ngram_run: Path, corpus: Path) -> None:
    result = cli("inspect", "cells", ngram_run, "--text", corpus)

    assert result.code == 2
    assert "family 'ngram' has no units: it reads its probabilities from counts" in result.err


def test_cells_of_a_split_reads_the_held_out_text_of_the_run(cli: Call, byte_run: Path) -> None:
    result = cli(
        *("inspect", "cells", byte_run, "--split", "test", "--property", "line_position", *FAST)
    )

    assert result.code == 0, result.err
    assert "line_position (|r|)" in result.out


def test_cells_without_a_text_is_refused(cli: Call, byte_run: Path) -> None:
    assert "no text is named" in cli("inspect", "cells", byte_run).err
