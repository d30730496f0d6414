"""Files and folders whose names are not UTF-8, as archives of other systems have."""

import json
import os
from pathlib import Path

import pytest

from cli.caller import TINY, Call

ODD = os.fsdecode(b"caf\xe9")


@pytest.fixture
def odd(corpus: Path, tmp_path: Path) -> Path:
    """A folder with a text, neither of which has a name in UTF-8."""
    folder = tmp_path / ODD
    try:
        folder.mkdir()
        (folder / f"{ODD}.txt").write_bytes(corpus.read_bytes())
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [TINY, ("--recipe", "ngram-5", "--quiet")], ids=["lstm", "ngram"]
)
def test_training_and_use_with_names_that_are_not_utf8(
    options: tuple[str, ...], cli: Call, corpus: Path, odd: Path
) -> None:
    text, run = odd / f"{ODD}.txt", odd / "run"

    for finished in (
        cli("train", corpus, "--out", run, *options),
        cli("train", corpus, "--out", run, *options, "--resume", "auto"),
        cli("evaluate", run, "--text", text),
        cli("score", run, text),
        cli("generate", run, "--max-tokens", "3", "--seed", "1"),
        cli("info", run),
        cli("export", run, "--to", "html", "--out", odd / f"{ODD}.html"),
    ):
        assert finished.code == 0, finished.err
    as_json = cli("evaluate", run, "--text", text, "--json")
    assert "caf\\xe9.txt" in json.loads(as_json.out)["results"][0]["text"]
    assert (run / "report.html").is_file()


def test_training_text_with_a_name_that_is_not_utf8_is_refused_with_a_way_out(
    cli: Call, odd: Path, tmp_path: Path
) -> None:
    options = ("--out", tmp_path / "run", "--recipe", "ngram-5", "--quiet")

    finished = cli("train", odd / f"{ODD}.txt", *options)

    assert finished.code == 2
    assert "which is not UTF-8; config.toml cannot hold it" in finished.err
    assert "a glob that matches it" in finished.err
    assert not (tmp_path / "run").exists()
    assert cli("train", tmp_path / "caf*" / "*.txt", *options).code == 0


def test_missing_file_with_a_name_that_is_not_utf8_is_named(cli: Call, ngram_run: Path) -> None:
    for arguments in (
        ("evaluate", ngram_run, "--text", f"{ODD}.txt"),
        ("score", ngram_run, f"{ODD}.txt"),
        ("info", ODD),
    ):
        finished = cli(*arguments)
        assert finished.code == 2
        assert "caf\\xe9" in finished.err
