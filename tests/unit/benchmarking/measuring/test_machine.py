import json
from pathlib import Path

import pytest

from nextword.benchmarking.measuring import describe_machine, machine


def test_describe_machine_is_json_and_has_its_keys() -> None:
    described = json.loads(json.dumps(describe_machine()))

    assert list(described) == [
        "cpu", "cores", "threads", "instruction_set", "has_fast_bfloat16", "kernels", "system",
        "python", "torch", "nextword", "date",
    ]  # fmt: skip
    assert described["cpu"]
    assert described["threads"] >= 1


def test_cpu_name_is_the_first_model_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "cpuinfo"
    lines.write_text("processor\t: 0\nmodel name\t: A Chip: fast\n\nmodel name\t: Another\n")
    monkeypatch.setattr(machine, "_CPU_LINES", lines)

    assert machine.cpu_name() == "A Chip: fast"


def test_cpu_name_elsewhere_is_what_python_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "_CPU_LINES", tmp_path / "missing")
    monkeypatch.setattr(machine.platform, "processor", lambda: "arm")

    assert machine.cpu_name() == "arm"


def test_kernels_instruction_set_without_kernels_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "kernels_are_installed", lambda: False)

    assert machine.kernels_instruction_set() is None
