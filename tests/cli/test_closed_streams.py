"""Standard streams that are closed, as under cron and systemd."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = f"{sys.executable} -m nextword"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{PROGRAM} {command}"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train - --out run <&-", "error: standard input is closed; there is nothing to read.\n"),
        ("recipes >&-", "standard output is closed"),
        ("recipes nope 2>&-", ""),
        ("nope <&- >&- 2>&-", ""),
    ],
)
def test_closed_stream_is_an_error_of_its_own(command: str, message: str) -> None:
    finished = shell(command)

    assert finished.returncode == 2
    assert message in finished.stderr
    assert "internal" not in finished.stderr


@pytest.mark.slow
def test_train_with_all_streams_closed_writes_its_model(corpus: Path, tmp_path: Path) -> None:
    finished = shell(f"train {corpus} --out {tmp_path / 'run'} --recipe ngram-5 <&- >&- 2>&-")

    assert finished.returncode == 0
    assert (tmp_path / "run" / "model" / "MANIFEST.json").is_file()
