"""A step is measured beside the plain model in its three forms."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from benchmark_cases import STEP, TINY, TINY_EFFORT
from nextword.base import BenchmarkError
from nextword.benchmarking import CaseResult
from nextword.benchmarking.cases import steps
from nextword.tensors import has_onednn_bfloat16

NAMES = [steps.OURS, steps.PEER, steps.PEER_BFLOAT16, steps.PEER_AT_DEFAULTS]


class FakePeaks:
    """A peak that takes no time."""

    def __init__(self) -> None:
        self.rates = {torch.float32: 1e12, torch.bfloat16: 2e12}

    def measure(self) -> None:
        """Change nothing."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int | None]]:
    """All in this process; gives a list for what is told."""

    @contextmanager
    def here(build: Callable[..., object], *arguments: object) -> Iterator[object]:
        yield build(*arguments)

    monkeypatch.setattr(steps, "SubprocessStep", here)
    monkeypatch.setattr(steps, "Peaks", FakePeaks)
    return []


def measured(case: steps.StepCase, told: list[tuple[str, int, int | None]]) -> CaseResult:
    return case.measure(
        TINY_EFFORT,
        on_progress=lambda stage, done, *, total=None: told.append((stage, done, total)),
    )


@pytest.mark.parametrize(
    "has_bfloat16",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                not has_onednn_bfloat16(), reason="torch has no LSTM in bfloat16 on this CPU"
            ),
        ),
    ],
)
def test_step_case_has_a_row_a_form(
    quick: list, monkeypatch: pytest.MonkeyPatch, has_bfloat16: bool
) -> None:
    monkeypatch.setattr(steps, "has_fast_bfloat16", lambda device: has_bfloat16)

    result = measured(STEP, quick)

    expected = [name for name in NAMES if has_bfloat16 or name != steps.PEER_BFLOAT16]
    assert [row.name for row in result.rows] == expected
    assert [row.ratio is None for row in result.rows] == [True] + [False] * (len(expected) - 1)
    assert result.rows[-1].precision == "float32"


def test_step_case_counts_tokens_and_operations(quick: list) -> None:
    result = measured(replace(STEP, precision="bfloat16"), quick)

    for row in result.rows:
        seconds, peak = row.seconds.median, 1e12 if row.precision == "float32" else 2e12
        assert row.tokens_per_second == pytest.approx(TINY.num_tokens / seconds)
        assert row.share_of_peak == pytest.approx(TINY.num_operations / seconds / peak)


def test_step_case_tells_of_the_check_and_of_every_turn(quick: list) -> None:
    measured(STEP, quick)

    assert quick == [("checking", 0, 1), ("pairs", 1, 2), ("pairs", 2, 2)]


def test_step_case_runs_on_the_backend_it_names(quick: list) -> None:
    result = measured(replace(STEP, backend="hoisted", precision="float32"), quick)

    assert result.backends == ("hoisted", "hoisted")
    assert result.rows[0].precision == "float32"
    assert result.parity.limit == 1e-5


def test_step_case_that_computes_something_wrong_is_not_timed(
    quick: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(**settings: object) -> None:
        raise BenchmarkError("the outputs are wrong.")

    monkeypatch.setattr(steps, "step_parity", wrong)
    monkeypatch.setattr(steps, "sample_in_turns", lambda *_: pytest.fail("it was timed"))

    with pytest.raises(BenchmarkError, match="the outputs are wrong"):
        measured(STEP, quick)
