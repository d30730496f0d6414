"""What a model takes, and what there is: limits of control groups, refusals before building."""

from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.base import ConfigError
from nextword.training import memory, plan_training
from nextword.training.memory import memory_limit, peak_memory_mib

CPU = torch.device("cpu")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 1,024 MiB and no control group."""
    (tmp_path / "meminfo").write_text("MemTotal:        1048576 kB\nMemFree: 1 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_OWN_CGROUP", tmp_path / "own")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_limit_is_that_of_the_machine_without_control_groups(machine: Path) -> None:
    limit = memory_limit(CPU)

    assert limit is not None
    assert str(limit) == "1,024 MiB, the memory of this machine"


@pytest.mark.parametrize(
    ("own", "file", "text"),
    [
        ("0::/\n", "memory.max", "268435456\n"),
        ("0::/jobs/7\n", "jobs/7/memory.max", "268435456\n"),
        ("0::/jobs/7\n", "jobs/memory.max", "268435456\n"),
        ("5:cpu,memory:/a\n0::/\n", "memory/a/memory.limit_in_bytes", "268435456\n"),
        ("5:memory:/elsewhere\n", "memory/memory.limit_in_bytes", "268435456\n"),
    ],
    ids=["container", "own group", "group above", "version 1", "version 1 in a container"],
)
def test_limit_of_a_control_group_is_found(own: str, file: str, text: str, machine: Path) -> None:
    write(machine / "own", own)
    write(machine / "cgroup" / file, text)

    limit = memory_limit(CPU)

    assert limit is not None
    assert str(limit) == "256 MiB, the limit of this control group (cgroup)"


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n", "2147483648\n"])
def test_limit_above_the_memory_of_the_machine_is_none(text: str, machine: Path) -> None:
    write(machine / "cgroup" / "memory.max", text)

    limit = memory_limit(CPU)

    assert limit is not None
    assert limit.mib == 1024


def test_limit_is_unknown_without_statistics(machine: Path) -> None:
    (machine / "meminfo").unlink()

    assert memory_limit(CPU) is None


def test_model_that_cannot_fit_is_refused_before_it_is_built(
    machine: Path, corpus_file: Path, tmp_path: Path
) -> None:
    settings = {"model.hidden_size": 30_000, "model.embedding_size": 30_000, "model.tied": False}

    with pytest.raises(
        ConfigError, match=r"14,4\d\d,\d{3},\d{3} parameters; .* more than"
    ) as error:
        nw.train(corpus_file, out=tmp_path / "run", recipe="lstm-small", settings=settings)

    assert "1,024 MiB, the memory of this machine" in error.value.message
    assert "model.hidden_size" in error.value.help
    assert peak_memory_mib() < 10_000


#: A tiny model, whose scores take more memory than its weights.
MANY_SCORES: dict[str, Any] = {
    "model": {"hidden_size": 2, "embedding_size": 2, "num_layers": 1},
    "training": {"batch_size": 100_000, "bptt_steps": 100},
    "output": {"kind": "full"},
}


def test_update_that_cannot_fit_is_refused_before_it_is_made(
    machine: Path, corpus_file: Path
) -> None:
    write(machine / "meminfo", "MemTotal: 60 kB\n")
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[MANY_SCORES])

    with pytest.raises(ConfigError, match="the scores of one update take") as error:
        plan_training(config)

    assert "the memory of this machine" in error.value.message
    assert "training.batch_size" in error.value.help


def test_plan_of_a_model_that_cannot_fit_says_what_it_would_take(
    machine: Path, corpus_file: Path
) -> None:
    large = {"model": {"hidden_size": 30_000, "embedding_size": 30_000}}
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[large])

    with pytest.raises(ConfigError, match=r"take [\d,]{5,} MiB, more than there is \(1,024 MiB"):
        plan_training(config)


def test_plan_warns_of_a_training_near_the_limit(
    machine: Path,
    corpus_file: Path,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    peak = peak_memory_mib()
    write(machine / "meminfo", f"MemTotal: {round(peak * 1024)} kB\n")

    plan = plan_training(
        nw.run_config(str(corpus_file), recipe="lstm-small", settings=[settings()])
    )

    assert plan.limit_mib == pytest.approx(peak, abs=1.0)
    assert plan.peak_mib >= peak
    assert "it may run out of memory" in caplog.text
