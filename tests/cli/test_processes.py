"""Trainings on several processes, with the environment of torchrun, and by torchrun itself."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import several_processes as several
from cli.caller import TINY, Call
from nextword.cli.processes import for_all_processes, is_first_process
from nextword.storage import load_latest_checkpoint, load_model_folder
from training_runs import assert_equal_runs

#: Tagged sentences of different lengths, more than a batch has.
TAGGED = "\n\n".join(
    "\n".join(f"word{(i + j) % 7}\t{'AB'[(i + j) % 2]}" for j in range(1 + i % 4))
    for i in range(20)
)
SHORT = (*TINY, "--set", "training.gradients_every=0")
#: Long enough to be stopped in the middle; a checkpoint after every tenth update.
STOPPABLE = (*SHORT, "--set", "training.checkpoint_every=10", "--set", "training.epochs=12")


def in_two_processes(*arguments: object) -> list[tuple[int, str, str]]:
    """Exit code, standard output and standard error of each process."""
    processes = several.start_processes(["-m", "nextword", *map(str, arguments)])
    return several.wait_for_end(processes)


def torchrun(*arguments: object) -> "subprocess.Popen[str]":
    """Start two processes by torchrun."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    return subprocess.Popen(
        [sys.executable, *launcher, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 200
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.05)


def children(agent: int) -> list[int]:
    listed = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    return [int(pid) for pid in listed if b"nextword" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.slow
def test_two_processes_write_one_run_and_one_result(corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    (code, out, err), other = in_two_processes(
        "train", corpus, "--out", run, *SHORT, "--set", "training.max_steps=8", "--json"
    )

    assert (code, err) == (0, "")
    assert other == (0, "", "")
    result = json.loads(out)
    assert result["validation"]["num_tokens"] > 0
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    assert (checkpoint.step, checkpoint.values["num_processes"]) == (8, 2)
    assert result["num_tokens_seen"] == checkpoint.values["progress"]["num_seen"] == 8 * 4 * 8
    assert {"report.html", "plots", "metrics.jsonl"} <= {path.name for path in run.iterdir()}


def test_reshard_without_resume_is_refused(cli: Call, corpus: Path, tmp_path: Path) -> None:
    finished = cli("train", corpus, "--out", tmp_path / "run", "--reshard")

    assert finished.code == 2
    assert "--reshard has no effect" in finished.err
    assert "--resume auto" in finished.err


@pytest.mark.exhaustive
@pytest.mark.slow
def test_counted_model_is_refused(corpus: Path, tmp_path: Path) -> None:
    processes = in_two_processes("train", corpus, "--out", tmp_path / "run", "--recipe", "ngram-5")

    assert [code for code, _, _ in processes] == [2, 2]
    assert "family ngram is not trained by gradient descent" in processes[0][2]
    assert not (tmp_path / "run").exists()


@pytest.mark.exhaustive
@pytest.mark.slow
def test_error_of_the_first_process_ends_the_others(tmp_path: Path) -> None:
    first, other = in_two_processes("train", tmp_path / "missing.txt", "--out", tmp_path / "run")

    assert (first[0], other[0]) == (2, 1)
    assert "missing.txt" in first[2]
    assert "connection to the other processes" in other[2]


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
def test_killed_process_is_restarted_and_the_run_ends_like_one_that_was_not_killed(
    corpus: Path, tmp_path: Path
) -> None:
    words = ("-m", "nextword", "train", corpus, *STOPPABLE, "--resume", "auto", "--out")
    agent = torchrun("--max-restarts", "3", *words, tmp_path / "killed")
    wait_for(tmp_path / "killed" / "checkpoints" / "step-00000010")
    os.kill(children(agent.pid)[1], signal.SIGKILL)
    _, err = agent.communicate(timeout=280)
    assert agent.returncode == 0, err

    assert [code for code, _, _ in in_two_processes(*words[2:], tmp_path / "whole")] == [0, 0]
    assert_equal_runs(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_torchrun_saves_a_checkpoint(
    number: signal.Signals, corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    agent = torchrun("-m", "nextword", "train", corpus, *STOPPABLE, "--out", run)
    wait_for(run / "checkpoints" / "step-00000010")
    agent.send_signal(number)
    _, err = agent.communicate(timeout=280)

    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.values["num_processes"] == 2
    assert not checkpoint.values["progress"]["is_finished"]
    assert "stopped and saved" in err


@pytest.mark.exhaustive
@pytest.mark.slow
def test_tagger_trained_by_two_processes_is_that_of_one(cli: Call, tmp_path: Path) -> None:
    text = tmp_path / "train.tsv"
    text.write_text(TAGGED)
    settings = {
        "encoder.input_dropout": 0.0,
        "encoder.output_dropout": 0.0,
        "encoder.word_dropout": 0.0,
        # Characters have a dropout that cannot be set.
        "encoder.characters": "none",
        "encoder.hidden_size": 8,
        "encoder.word_embedding_size": 8,
        # 18 sentences are trained on: in every second update, one process has none.
        "training.batch_size": 17,
        "training.precision": "float32",
        "training.max_steps": 8,
        # AdamW divides by the size of the gradient, which enlarges differences of rounding.
        "optimizer.kind": "sgd",
        "optimizer.learning_rate": 0.1,
    }
    options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    words = ("tag", "train", text, "--quiet", *options, "--out")

    assert [code for code, _, _ in in_two_processes(*words, tmp_path / "two")] == [0, 0]
    assert cli(*words, tmp_path / "one").code == 0

    one, two = (load_model_folder(tmp_path / name / "model").tensors for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "nextword train --out runs/a"),
        ({"WORLD_SIZE": "1", "RANK": "0"}, "nextword train --out runs/a"),
        (
            {"WORLD_SIZE": "8", "RANK": "0", "LOCAL_WORLD_SIZE": "4"},
            "torchrun --nproc-per-node 4 -m nextword train --out runs/a",
        ),
        ({"WORLD_SIZE": "many"}, "nextword train --out runs/a"),
    ],
)
def test_command_to_resume_starts_as_many_processes(
    variables: dict[str, str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert for_all_processes("nextword train --out runs/a") == command
    assert is_first_process()


def test_incomplete_environment_is_refused(
    cli: Call, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.delenv("MASTER_ADDR", raising=False)

    finished = cli("train", corpus, "--out", tmp_path / "run", *SHORT)

    assert finished.code == 2
    assert "MASTER_ADDR" in finished.err
    assert "torchrun" in finished.err
