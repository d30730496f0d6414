"""The tables of the page on performance are those of the figures beside it."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmark_cases import TINY_EFFORT, made_up_growth, made_up_result
from nextword.base import with_nulls
from nextword.benchmarking import CaseResult, FailedCase, Report
from nextword.benchmarking.measuring import describe_machine

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "docs" / "make_performance_tables.py"
PAGE = "before\n<!-- measured: step -->\nold\n<!-- end of step -->\nbehind\n"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_performance_tables", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_report(folder: Path, *results: CaseResult, failed: tuple[FailedCase, ...] = ()) -> None:
    folder.mkdir(parents=True)
    report = Report(machine=describe_machine(), effort=TINY_EFFORT, results=results, failed=failed)
    (folder / "bench.json").write_text(json.dumps(with_nulls(report.to_dict())))


def test_performance_page_equals_its_figures() -> None:
    finished = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_filled_page_has_the_table_between_the_comments(script: ModuleType, tmp_path: Path) -> None:
    write_report(tmp_path / "performance" / "step", made_up_result())

    page = script.filled_page(PAGE, tmp_path / "performance")

    assert page.startswith("before\n<!-- measured: step -->\n")
    assert page.endswith("\n<!-- end of step -->\nbehind\n")
    assert "| `step-made-up` | 88.9 ms | 260 ms, 2.92 times | 72% |" in page
    assert "old" not in page
    assert script.filled_page(page, tmp_path / "performance") == page


def test_filled_page_without_figures_has_nothing_there(script: ModuleType, tmp_path: Path) -> None:
    page = script.filled_page(PAGE, tmp_path / "performance")

    assert page == PAGE.replace("old\n", "")


def test_measured_block_shows_pictures_growth_and_what_failed(
    script: ModuleType, tmp_path: Path
) -> None:
    failed = FailedCase(case="growth-batch", reason="the machine was too busy.")
    write_report(tmp_path / "growth", made_up_growth(), failed=(failed,))
    (tmp_path / "growth" / "growth.png").write_bytes(b"")

    block = script.measured_block(tmp_path / "growth", link="performance/growth")

    assert "`growth-bptt_steps`:\n\n| time steps | nextword, ms | exponent |" in block
    assert "| 20 | 20 | 1.00 | 60 | 1.00 |" in block
    assert "`growth-batch` is not reported: the machine was too busy." in block
    assert "```{figure} performance/growth/growth.png" in block
    assert "speed.png" not in block
