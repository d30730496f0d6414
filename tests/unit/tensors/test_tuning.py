import ctypes
import dataclasses
import json
import logging
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import nextword
from nextword.tensors import tuning
from nextword.tensors.tuning import ProcessTuning, tune_process

SOURCE = Path(nextword.__file__).parents[1]
PROGRAM = """
import dataclasses, json, torch
from nextword.tensors import tune_process
before = torch.get_float32_matmul_precision()
tuning = tune_process(num_threads=1)
print(json.dumps({
    "before": before,
    "after": torch.get_float32_matmul_precision(),
    "threads": torch.get_num_threads(),
    "tuning": dataclasses.asdict(tuning),
}))
"""


@pytest.fixture
def restored_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave this process's allocator alone, and its torch settings as they were."""
    monkeypatch.setattr(tuning, "_keep_freed_memory", lambda: False)
    precision, num_threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    yield
    torch.set_float32_matmul_precision(precision)
    torch.set_num_threads(num_threads)


def test_tune_process_in_a_process_of_its_own_says_what_holds_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"},
    )

    said = json.loads(done.stdout)
    assert said["before"] == "highest"
    assert said["after"] == said["tuning"]["matmul_precision"]
    assert said["tuning"]["matmul_error"] <= 1e-3
    assert said["threads"] == said["tuning"]["num_threads"] == 1
    assert said["tuning"]["keeps_memory"] == (platform.libc_ver()[0] == "glibc")


@pytest.mark.usefixtures("restored_torch")
def test_tune_process_exact_products_takes_medium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_matmul_error", lambda: 1e-5)

    tuned = tune_process()

    assert (tuned.matmul_precision, tuned.matmul_error) == ("medium", 1e-5)
    assert torch.get_float32_matmul_precision() == "medium"


@pytest.mark.usefixtures("restored_torch")
def test_tune_process_rounded_products_go_back_to_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    def error() -> float:
        return 0.1 if torch.get_float32_matmul_precision() == "medium" else 1e-5

    monkeypatch.setattr(tuning, "_matmul_error", error)

    tuned = tune_process()

    assert (tuned.matmul_precision, tuned.matmul_error) == ("highest", 1e-5)
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.usefixtures("restored_torch")
def test_tune_process_not_a_number_goes_back_to_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_matmul_error", lambda: float("nan"))

    assert tune_process().matmul_precision == "highest"


@pytest.mark.usefixtures("restored_torch")
def test_tune_process_num_threads_are_set_and_told() -> None:
    assert tune_process(num_threads=2).num_threads == torch.get_num_threads() == 2


@pytest.mark.usefixtures("restored_torch")
def test_tune_process_logs_what_it_chose(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="nextword.tensors.tuning"):
        tuned = tune_process()

    assert str(tuned) in caplog.text


def test_matmul_error_sees_rounded_products(monkeypatch: pytest.MonkeyPatch) -> None:
    true_error = tuning._matmul_error()
    product = torch.Tensor.__matmul__

    def rounded(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        if left.dtype == torch.float64:
            return product(left, right)
        return product(left.bfloat16().float(), right.bfloat16().float())

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded)

    assert true_error <= 1e-3 < tuning._matmul_error()


@pytest.mark.parametrize(("system", "library"), [("Darwin", ""), ("Linux", ""), ("Windows", "")])
def test_keep_freed_memory_other_c_library_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, system: str, library: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (library, ""))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("it must not be called"))

    assert not tuning._keep_freed_memory()


@pytest.mark.parametrize("refused", [None, -1, -4])
def test_keep_freed_memory_says_whether_both_calls_worked(
    monkeypatch: pytest.MonkeyPatch, refused: int | None
) -> None:
    asked: list[tuple[int, int]] = []

    def mallopt(option: int, value: int) -> int:
        asked.append((option, value))
        return int(option != refused)

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.39"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))

    assert tuning._keep_freed_memory() == (refused is None)
    assert asked[0] == (-4, 0)


def test_process_tuning_is_frozen() -> None:
    tuned = ProcessTuning(
        matmul_precision="medium", matmul_error=0.0, keeps_memory=False, num_threads=1
    )

    with pytest.raises(dataclasses.FrozenInstanceError):
        tuned.num_threads = 2  # type: ignore[misc]  # what is tested
