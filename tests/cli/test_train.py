"""Training from the command line: results, resume, plans, sources of text."""

import json
from pathlib import Path

import pytest

from cli.caller import TINY, Call
from nextword.base import read_toml

RESULT_KEYS = [
    "schema",
    "run",
    "model",
    "family",
    "num_parameters",
    "num_tokens_seen",
    "seconds",
    "tokens_per_second",
    "validation",
    "test",
]


def test_train_json_is_one_object_with_its_keys(cli: Call, corpus: Path, tmp_path: Path) -> None:
    finished = cli("train", corpus, "--out", tmp_path / "run", *TINY, "--json")

    value = json.loads(finished.out)
    assert list(value) == RESULT_KEYS
    assert (value["schema"], value["run"]) == (1, str(tmp_path / "run"))
    assert value["validation"]["num_tokens"] > 0
    assert finished.err == ""


def test_train_writes_model_report_and_events(word_run: Path) -> None:
    names = {path.name for path in word_run.iterdir()}

    assert {"config.toml", "metrics.jsonl", "checkpoints", "model", "report.html"} <= names
    assert list((word_run / "tensorboard").iterdir())


def test_train_plain_prints_cards_and_places(cli: Call, corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    finished = cli("train", corpus, "--out", run, *TINY)

    assert finished.out.count("perplexity per token") == 2
    assert f"model   {run / 'model'}" in finished.out


def test_train_progress_goes_to_standard_error_only(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    options = [option for option in TINY if option != "--quiet"]

    finished = cli("train", corpus, "--out", tmp_path / "run", *options, "--json")

    assert json.loads(finished.out)["schema"] == 1
    assert "tokens/s" in finished.err
    assert "validation after step" in finished.err


@pytest.mark.parametrize(
    ("options", "expected"), [((), 1), (("--json",), 0), (("--quiet",), 0)], ids=str
)
def test_train_without_kernels_says_once_how_to_get_them(
    cli: Call,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    expected: int,
) -> None:
    monkeypatch.setattr("nextword.recurrent.backends.native.layer.kernels_are_installed", bool)
    plain = [option for option in TINY if option != "--quiet"]

    finished = cli("train", corpus, "--out", tmp_path / "run", *plain, *options)

    said = (
        "note: the compiled kernels, which make training faster, are not installed.\n"
        "help: Run make kernels"
    )
    assert finished.err.count(said) == expected


def test_train_with_kernels_says_nothing_of_them(cli: Call, corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("nextword_kernels", reason="needs the compiled kernels")
    plain = [option for option in TINY if option != "--quiet"]

    finished = cli("train", corpus, "--out", tmp_path / "run", *plain)

    assert "kernels" not in finished.err


def test_train_finished_run_under_resume_reports_and_is_done(cli: Call, word_run: Path) -> None:
    finished = cli("train", "--out", word_run, "--resume", "auto", "--json")

    assert finished.code == 0
    assert json.loads(finished.out)["run"] == str(word_run)
    assert "is already finished" in finished.err


def test_train_init_with_another_recipe_fine_tunes_and_says_so(
    cli: Call, corpus: Path, word_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"

    finished = cli(
        *("train", corpus, "--out", run, "--init", word_run, "--recipe", "lstm-small"),
        *("--set", "training.epochs=1"),
    )

    assert finished.code == 0, finished.err
    assert "updates those of the recipe fine-tune, not of lstm-small" in finished.err
    settings = read_toml((run / "config.toml").read_text(), source="config.toml")
    assert settings["optimizer"]["kind"] == "adamw"
    assert settings["training"]["epochs"] == 1


@pytest.mark.parametrize("resume", ["auto", "never", "old-text"])
def test_train_accepts_every_documented_resume_value(
    cli: Call, corpus: Path, tmp_path: Path, resume: str
) -> None:
    finished = cli(
        *("train", corpus, "--out", tmp_path / "run", "--resume", resume, "--dry-run"),
        *("--recipe", "ngram-5", "--quiet"),
    )

    assert finished.code == 0, finished.err


def test_train_resume_with_more_epochs_goes_on(cli: Call, corpus: Path, tmp_path: Path) -> None:
    command = ("train", corpus, "--out", tmp_path / "run", *TINY, "--json")
    before = json.loads(cli(*command).out)["num_tokens_seen"]

    finished = cli(*command, "--resume", "auto", "--set", "training.epochs=3")

    assert json.loads(finished.out)["num_tokens_seen"] > before


def test_train_init_takes_sizes_and_tokenizer_of_the_model(
    cli: Call, corpus: Path, word_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"

    finished = cli(
        "train", corpus, "--out", run, "--init", word_run, "--quiet", "--set", "training.epochs=1"
    )

    assert finished.code == 0, finished.err
    ours, theirs = (
        json.loads((folder / "model" / "config.json").read_text())["model"]
        for folder in (run, word_run)
    )
    assert ours == theirs


def test_train_standard_input_is_a_text(cli: Call, corpus: Path, tmp_path: Path) -> None:
    finished = cli(
        "train", "-", "--out", tmp_path / "run", *TINY, "--json", stdin=corpus.read_bytes()
    )

    assert json.loads(finished.out)["validation"]["text"] == "- (validation part)"


def test_train_named_texts_and_field_are_used(cli: Call, corpus: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"body": line}) for line in corpus.read_text().splitlines()]
    held_out = tmp_path / "held-out.jsonl"
    held_out.write_text("\n".join(lines))

    finished = cli(
        *("train", held_out, "--out", tmp_path / "run", *TINY, "--json"),
        *("--valid", held_out, "--test", held_out, "--field", "body"),
    )

    value = json.loads(finished.out)
    assert value["validation"]["text"] == value["test"]["text"] == str(held_out)


def test_train_field_applies_beside_a_plain_validation_text(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"body": line}) for line in corpus.read_text().splitlines()]
    stdin = "\n".join(lines).encode()

    finished = cli(
        *("train", "-", "--out", tmp_path / "run", *TINY, "--json", "--valid", corpus),
        *("--field", "body"),
        stdin=stdin,
    )

    assert finished.code == 0, finished.err
    assert json.loads(finished.out)["validation"]["unknown_rate"] == 0


def test_train_bytes_that_are_not_text_are_kept_on_demand(cli: Call, tmp_path: Path) -> None:
    text = tmp_path / "bytes.bin"
    text.write_bytes(bytes(range(256)) * 10)

    finished = cli(
        *("train", text, "--out", tmp_path / "run", *TINY),
        *("--encoding-errors", "surrogateescape", "--set", "tokenizer.kind=byte"),
    )

    assert finished.code == 0, finished.err


def test_train_named_options_win_over_set(cli: Call, corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    cli("train", corpus, "--out", run, *TINY, "--set", "training.seed=5", "--seed", "7")

    assert "seed = 7" in (run / "config.toml").read_text()


@pytest.mark.parametrize("as_json", [True, False])
def test_train_dry_run_plans_and_writes_nothing(
    cli: Call, corpus: Path, tmp_path: Path, as_json: bool
) -> None:
    run = tmp_path / "run"

    finished = cli(
        "train", corpus, "--out", run, *TINY, "--dry-run", *(["--json"] if as_json else [])
    )

    assert finished.code == 0, finished.err
    assert not run.exists()
    if as_json:
        assert {"schema", "num_parameters", "minutes"} <= set(json.loads(finished.out))
    else:
        assert "parameters" in finished.out
        assert "minutes" in finished.out


def test_train_whose_loss_is_far_above_a_guess_has_diverged(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    finished = cli(
        *("train", corpus, "--out", tmp_path / "run", *TINY, "--set", "clipping.kind=none"),
        *("--set", "optimizer.kind=sgd", "--set", "optimizer.learning_rate=100000"),
    )

    assert finished.code == 1
    assert "losses, up to update" in finished.err
    assert "are far above that of a uniform guess" in finished.err
    assert "help: Lower optimizer.learning_rate" in finished.err
