"""The audit from the command line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.caller import TINY, Call
from nextword.cli.loading import load_model


@pytest.fixture
def leaky_run(word_run: Path, tmp_path: Path) -> Path:
    """A run whose training text lacks words that its vocabulary has."""
    from nextword.text import Corpus, text_document
    from nextword.tokens import VocabularyTokenizer, build_store

    run = tmp_path / "leaky"
    shutil.copytree(word_run, run)
    tokenizer = VocabularyTokenizer.load(run / "tokens" / "tokenizer.json")
    shutil.rmtree(run / "tokens" / "train")
    short = text_document("w1 w2 w3\n", name="short")
    corpus = Corpus(description="short", open_documents=lambda: iter([short]))
    build_store(corpus, tokenizer, folder=run / "tokens" / "train")
    return run


def test_audit_of_a_run_carries_out_every_check(cli: Call, word_run: Path) -> None:
    from nextword.evaluation.audit import CHECKS

    finished = cli("audit", word_run, "--json")

    value = json.loads(finished.out)
    assert finished.code == 0
    assert list(value) == ["schema", "model", "passed", "checks", "skipped"]
    assert (value["model"], value["passed"], value["skipped"]) == (str(word_run), True, [])
    assert [check["name"] for check in value["checks"]] == [check.name for check in CHECKS]
    assert {tuple(check) for check in value["checks"]} == {("name", "passed", "figure", "limit")}


def test_audit_prints_a_row_a_check_and_the_verdict_last(cli: Call, word_run: Path) -> None:
    lines = cli("audit", word_run).out.splitlines()

    assert lines[0] == f"model  {word_run}"
    assert lines[1] == "text   3 rows of the run's valid text, seed 0"
    assert lines[3].split() == ["check", "property", "figure", "limit"]
    assert all(line.endswith("  ok") for line in lines[4:22])
    assert lines[-1] == "All 18 checks passed."


def test_audit_of_a_byte_model_leaves_the_vocabulary_out(cli: Call, byte_run: Path) -> None:
    finished = cli("audit", byte_run)

    assert finished.code == 0
    assert "vocabulary_leak was skipped: a byte tokenizer has a fixed vocabulary" in finished.out


def test_audit_of_a_counted_model_is_green(cli: Call, corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cli("train", corpus, "--out", run, "--recipe", "ngram-5", "--quiet").code == 0

    finished = cli("audit", run)

    assert finished.code == 0, finished.out
    assert finished.out.endswith("All 18 checks passed.\n")


def test_audit_when_a_check_fails_exits_1_and_names_it(cli: Call, leaky_run: Path) -> None:
    finished = cli("audit", leaky_run)

    assert finished.code == 1
    assert "vocabulary_leak: not in the training text: 'w" in finished.out
    assert finished.out.endswith("1 of 18 checks FAILED: vocabulary_leak.\n")


def test_audit_when_a_check_fails_json_says_why(cli: Call, leaky_run: Path) -> None:
    finished = cli("audit", leaky_run, "--json")

    value = json.loads(finished.out)
    [failed] = [check for check in value["checks"] if not check["passed"]]
    assert (finished.code, value["passed"]) == (1, False)
    assert (failed["name"], failed["limit"]) == ("vocabulary_leak", 0.0)
    assert failed["figure"] > 0
    assert failed["note"].startswith("not in the training text")


def test_audit_of_a_model_folder_alone_reads_made_up_ids(
    cli: Call, word_run: Path, tmp_path: Path
) -> None:
    shutil.copytree(word_run / "model", tmp_path / "model")

    finished = cli("audit", tmp_path / "model", "--seed", 5)

    assert finished.code == 0
    assert "random ids, seed 5" in finished.out
    assert "vocabulary_leak was skipped: there is no run folder" in finished.out


def test_audit_reads_the_text_that_is_named(cli: Call, word_run: Path, corpus: Path) -> None:
    finished = cli("audit", word_run, "--text", corpus)

    assert finished.code == 0
    assert str(corpus) in finished.out.splitlines()[1]


def test_audit_of_too_short_a_text_is_refused(cli: Call, word_run: Path, tmp_path: Path) -> None:
    text = tmp_path / "short.txt"
    text.write_text("w1 w2\n")

    finished = cli("audit", word_run, "--text", text)

    assert finished.code == 2
    assert "has 3 tokens; an audit needs at least 21." in finished.err


def test_audit_of_a_run_that_went_on_from_a_model_leaves_the_vocabulary_out(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert cli("train", corpus, "--out", run, *TINY, "--init", word_run).code == 0

    finished = cli("audit", run)

    assert finished.code == 0
    assert "vocabulary_leak was skipped: the vocabulary is that of the model" in finished.out


def test_audit_quiet_loads_quietly(
    cli: Call, word_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet: list[bool] = []

    def load_and_note(name: str, **options: Any) -> Any:
        quiet.append(options["quiet"])
        return load_model(name, **options)

    monkeypatch.setattr("nextword.cli.audit.load_model", load_and_note)

    assert cli("audit", word_run, "--quiet").code == 0
    assert quiet == [True]
