"""`nextword compare`: small texts, from the first call to the one that repeats it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.caller import Call

TINY = (
    *("--set", "training.batch_size=4", "--set", "training.bptt_steps=8"),
    *("--set", "lstm:model.hidden_size=8", "--set", "lstm:training.precision=float32"),
    *("--device", "cpu", "--split", "0.6,0.2,0.2"),
)
MODELS = "ngram-1,ngram-2,lstm=lstm-small"


@pytest.fixture(scope="module")
def compared(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison."""
    from nextword.cli import main

    out = tmp_path_factory.mktemp("comparisons") / "three"
    command = ["compare", str(corpus), "--models", MODELS, "--tokens", "500", "--seeds", "lstm:2"]
    assert main([*command, "--out", str(out), "--quiet", *TINY]) == 0
    return out


def test_the_folder_has_the_table_in_every_form(compared: Path) -> None:
    values = json.loads((compared / "comparison.json").read_text())

    rows: list[dict[str, Any]] = values["rows"]
    assert values["schema"] == 1
    assert sorted(row["model"] for row in rows) == ["lstm", "ngram-1", "ngram-2"]
    perplexities = [row["mean"]["perplexity"] for row in rows]
    assert perplexities == sorted(perplexities)
    assert values["protocol"].endswith("Seeds: 2.")
    by_name = {row["model"]: row for row in rows}
    assert [by_name[name]["num_seeds"] for name in ("ngram-1", "ngram-2", "lstm")] == [1, 1, 2]
    assert by_name["lstm"]["spread"]["perplexity"] > 0
    assert by_name["ngram-2"]["context_size"] == 1
    assert {row["tokenizer"] for row in rows} == {rows[0]["tokenizer"]}
    assert all(row["train_seconds"] > 0 for row in rows)
    assert rows[0]["difference"]["value"] == 0.0
    assert all(row["difference"]["low"] <= row["difference"]["high"] for row in rows)
    means = [row["mean"]["perplexity"] for row in rows]
    assert [row["difference"]["value"] for row in rows] == pytest.approx(
        [mean - means[0] for mean in means], abs=1e-6
    )
    assert (compared / "comparison.md").read_text().count("|\n") == 5
    assert len((compared / "comparison.csv").read_text().splitlines()) == 5
    assert {path.name for path in compared.glob("*.png")} == {"context.png", "size.png", "time.png"}


def test_the_page_shows_two_rows_token_by_token(compared: Path) -> None:
    page = (compared / "comparison.html").read_text()

    assert "token by token" in page
    assert "distance to the last occurrence" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_row_is_an_ordinary_run(cli: Call, compared: Path) -> None:
    value = json.loads((compared / "comparison.json").read_text())
    row = next(row for row in value["rows"] if row["model"] == "lstm")

    found = json.loads(
        cli("evaluate", compared / "runs" / "lstm-1", "--split", "test", "--json").out
    )

    assert found["results"][0]["perplexity"] == pytest.approx(row["seeds"][0]["perplexity"])


def test_a_finished_comparison_is_not_trained_again(
    cli: Call, corpus: Path, compared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("nextword.comparison.running.run_training", fail)
    before = (compared / "comparison.json").read_text()
    command = ("compare", corpus, "--models", MODELS, "--tokens", 500, "--seeds", 2)

    found = cli(*command, "--out", compared, "--json", *TINY, "--between", "ngram-1,lstm")

    assert found.code == 0
    assert json.loads(found.out)["rows"] == json.loads(before)["rows"]
    page = (compared / "comparison.html").read_text()
    assert "ngram-1 and lstm, token by token" in page
    assert "A row with several seeds is shown by its first one." in page


def test_another_setting_is_refused(cli: Call, corpus: Path, compared: Path) -> None:
    command = ("compare", corpus, "--models", MODELS, "--tokens", 500, "--seeds", 2)

    found = cli(*command, "--out", compared, *TINY, "--set", "lstm:model.num_layers=1")

    assert (found.code, found.out) == (2, "")
    assert "row lstm: model.num_layers" in found.err
    assert found.err.splitlines()[-1] == (
        "help: Give the texts and the settings of the run, or choose another --out."
    )


def test_another_text_is_refused(cli: Call, corpus: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(corpus.read_bytes())
    command = ("compare", text, "--models", "ngram-1", "--split", "0.6,0.2,0.2", "--quiet")
    assert cli(*command, "--out", tmp_path / "out").code == 0
    text.write_bytes(corpus.read_bytes() + b"one more line\n")

    found = cli(*command, "--out", tmp_path / "out")

    assert (found.code, found.out) == (2, "")
    assert "row ngram-1: " in found.err
    assert "was started with another text" in found.err
    assert "--resume" not in found.err
    assert "another --out" in found.err


def test_trained_models_are_rows(
    cli: Call, corpus: Path, word_run: Path, arpa: Path, tmp_path: Path
) -> None:
    models = f"ngram-2,mine={word_run},{arpa}"
    command = ("compare", corpus, "--models", models, "--out", tmp_path / "out", "--test", corpus)

    found = cli(*command)

    assert found.code == 0
    names = {line.split("|")[1].strip() for line in found.out.splitlines()[2:]}
    assert names == {"ngram-2", "mine", "model"}
    assert "[3 of 3]" in found.err


def test_unlike_models_are_refused(cli: Call, corpus: Path, word_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("these are quite different words\n" * 30 + corpus.read_text()[:200])
    command = ("compare", other, "--models", f"ngram-2,mine={word_run}", "--test", other)

    found = cli(*command, "--out", tmp_path / "out", "--quiet")

    assert (found.code, found.out) == (2, "")
    assert "cannot be compared" in found.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--models", "lstm-smal"), "neither a recipe nor a trained model"),
        (("--models", "elman", "--between", "elman"), "does not name two rows"),
        (("--models", "elman", "--between", "elman,gru"), "no row 'gru'"),
        (("--models", "elman,gru", "--between", "elman, elman"), "token by token with itself"),
        (("--models", "elman", "--seeds", 0), "number of seeds is 0"),
        (("--models", "elman", "--seeds", "gru:2"), "no row 'gru'"),
        (("--models", "elman", "--seeds", "elman:many"), "is not a number of trainings"),
        (("--models", "elman", "--set", "gru:model.hidden_size=3"), "not a row"),
        (
            ("--models", "x.y=elman", "--set", "z.y:model.hidden_size=3"),
            "'z.y', which is not a row",
        ),
        (("--models", "x.y=elman", "--set", "x.y:model.cell=7"), "row x.y: --set x.y:model.cell"),
        (("--models", "fine-tune"), "Name the model with --set text.init=MODEL, or"),
        (
            ("--models", "a=elman", "--set", "model.family=window"),
            "use --models window-5",
        ),
        (("--models", "größe=elman"), "'größe' cannot be the name of a row"),
        (("--models", "elman", "--tokens", 5, "--minutes", 1), "both given"),
        (
            ("--models", "elman", "--minutes", 1, "--set", "elman:training.max_steps=3"),
            "--set elman:training.max_steps: training.max_steps is 3, which would change nothing: "
            "--minutes 1 is the length",
        ),
        (
            ("--models", "ngram-2,ngram-3", "--set", "model.hidden_size=3"),
            "--set: model.hidden_size applies to no row",
        ),
    ],
)
def test_wrong_input_is_refused(
    cli: Call, corpus: Path, tmp_path: Path, options: tuple[object, ...], message: str
) -> None:
    found = cli("compare", corpus, "--out", tmp_path / "out", *options)

    assert (found.code, found.out) == (2, "")
    assert message in found.err
    assert not (tmp_path / "out").exists()
