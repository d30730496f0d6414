"""The command line as its own process: what is imported, signals, locks, pipes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.caller import TINY, Call

PATIENCE_S = 60
PROGRAM = (sys.executable, "-m", "nextword")
HEAVY = ("matplotlib", "numpy", "pydantic", "rich", "tokenizers", "torch")
NGRAM_MODEL = Path(__file__).resolve().parents[1] / "golden" / "models" / "format-1" / "ngram"
ENDLESS = ("--set", "training.epochs=1000000", "--set", "training.log_every=1")


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # A shell that started the tests in the background lets SIGINT be ignored; undo that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_steps(run: Path) -> bool:
    metrics = run / "metrics.jsonl"
    return metrics.exists() and metrics.read_bytes().count(b"\n") >= 3


@pytest.mark.parametrize(
    ("arguments", "own"),
    # typer itself looks at values with pydantic, once a command has any.
    [(["--help"], ()), (["--version"], ()), (["train", "--help"], ("pydantic",))],
)
def test_help_imports_nothing_heavy(arguments: list[str], own: tuple[str, ...]) -> None:
    heavy = sorted({*HEAVY} - {*own})
    program = (
        "import sys; from nextword.cli import main; code = main(sys.argv[1:]); "
        f"loaded = [name for name in {heavy!r} if name in sys.modules]; "
        "sys.exit(f'loaded: {loaded}' if loaded else code)"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )

    assert (finished.returncode, finished.stderr) == (0, "")


def test_next_imports_neither_training_nor_evaluation() -> None:
    unneeded = ["nextword." + name for name in ("evaluation", "interop", "optim", "training")]
    program = (
        "import sys; from nextword.cli import main; code = main(sys.argv[1:]); "
        f"loaded = [name for name in {unneeded!r} if name in sys.modules]; "
        "sys.exit(f'loaded: {loaded}' if loaded else code)"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program, "next", str(NGRAM_MODEL), "the"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_train_signal_saves_and_resume_finishes(
    cli: Call, corpus: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    run = tmp_path / "run"
    with started("train", corpus, "--out", run, *TINY, *ENDLESS) as process:
        wait_until(lambda: has_steps(run), process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    saved = max(int(path.name.removeprefix("step-")) for path in run.glob("checkpoints/step-*"))

    resumed = cli(
        "train", "--out", run, "--resume", "auto", "--quiet", "--json",
        "--set", f"training.max_steps={saved + 3}",
    )  # fmt: skip

    assert (process.returncode, out) == (code, b"")
    assert f"to resume: nextword train --out {run} --resume auto" in err.decode()
    assert resumed.code == 0, resumed.err
    assert json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["step"] == saved + 3


@pytest.mark.slow
def test_train_interrupted_before_the_first_update_ends_at_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    # Standard input never ends, so that it is still being read.
    with started("train", "-", "--out", run, *TINY) as process:
        wait_until((run / "config.toml").exists, process)
        time.sleep(0.5)

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=PATIENCE_S) == 130


@pytest.mark.slow
def test_train_folder_held_by_another_process_is_locked(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with started("train", "-", "--out", run, *TINY) as process:
        wait_until((run / "config.toml").exists, process)

        finished = cli("train", corpus, "--out", run, *TINY)

        assert finished.code == 75
        assert f"in use by process {process.pid}" in finished.err


@pytest.mark.slow
def test_generate_reader_that_goes_ends_it_quietly(word_run: Path) -> None:
    with started("generate", word_run, "--max-tokens", 10_000_000) as process:
        assert process.stdout is not None
        assert process.stdout.read(20)
        process.stdout.close()

        _, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_output_that_takes_nothing_is_one_error() -> None:
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            [*PROGRAM, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert finished.returncode == 1
    assert "error: the disk is full: no space is left to write standard output." in finished.stderr


@pytest.mark.slow
def test_train_progress_that_nobody_reads_does_not_end_it(corpus: Path, tmp_path: Path) -> None:
    options = [option for option in TINY if option != "--quiet"]
    with started("train", corpus, "--out", tmp_path / "run", *options, "--json") as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.stdout is not None

        result = json.loads(process.stdout.read())

        assert process.wait(PATIENCE_S) == 0
    assert result["validation"]["num_tokens"] > 0
