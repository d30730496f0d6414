"""The main job, on a small text and for a moment."""

from pathlib import Path

import pytest

from cli.caller import Call
from nextword.cli.demo import PROMPTS


@pytest.fixture
def short_demo(cli: Call, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The demo on the small corpus, into a folder of the test."""
    monkeypatch.setattr("nextword.cli.demo.TEXT", str(corpus))
    monkeypatch.setattr("nextword.cli.demo._SAMPLE_TOKENS", 10)
    run = tmp_path / "demo"
    return lambda *more: cli("demo", "--out", run, "--minutes", "0.02", *more)


@pytest.mark.slow
def test_demo_trains_writes_and_says_what_to_try_next(short_demo: Call, tmp_path: Path) -> None:
    run = tmp_path / "demo"

    finished = short_demo()

    assert finished.code == 0, finished.err
    assert "perplexity per token" in finished.out
    assert "Kneser-Ney, 5 tokens" in finished.out
    assert "Generated after 'class Reader:':" in finished.out
    assert f"nextword generate {run}" in finished.out
    assert "2 lstm layers of 256" in finished.err
    report = (run / "report.html").read_text()
    assert all("<pre>" + prompt.strip("\n") in report for prompt in PROMPTS)
    assert f"Open {run / 'model.html'} in a browser" in finished.out
    assert "class Reader" in (run / "model.html").read_text()


@pytest.mark.slow
def test_demo_finished_once_says_how_to_start_again_or_go_on(
    short_demo: Call, tmp_path: Path
) -> None:
    short_demo("--quiet")

    finished = short_demo()

    assert finished.code == 0, finished.err
    assert "contains a finished demo" in finished.err
    assert f"rm -r {tmp_path / 'demo'}" in finished.err
    assert "perplexity per token" in finished.out
    assert "Kneser-Ney, 5 tokens" in finished.out


def test_demo_folder_of_something_else_is_refused(cli: Call, word_run: Path) -> None:
    finished = cli("demo", "--out", word_run, "--quiet")

    assert finished.code == 2
    assert "was started with" in finished.err


def test_demo_minutes_must_be_positive(cli: Call, tmp_path: Path) -> None:
    finished = cli("demo", "--out", tmp_path / "run", "--minutes", 0)

    assert finished.code == 2
    assert "max_minutes is 0.0; it must be above 0" in finished.err
