"""Cases one after the other, each in a process of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmark_cases import BROKEN, GROWTH, LAYERS, TINY_EFFORT
from nextword.benchmarking import CaseResult, FailedCase, measure_case, measure_cases, run


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what shall be called alone be called in this process."""

    def call(
        function: Callable[..., Any],
        *arguments: Any,
        on_progress: Any = None,
        hidden_modules: tuple[str, ...] = (),
    ) -> Any:
        return function(*arguments, on_progress=on_progress)

    monkeypatch.setattr(run, "call_in_subprocess", call)


def test_measure_case_needs_nobody_to_tell() -> None:
    assert measure_case(LAYERS, TINY_EFFORT).case == "layers-tiny"


@pytest.mark.usefixtures("here")
def test_measure_cases_one_that_fails_does_not_keep_the_others_from_it() -> None:
    report = measure_cases([BROKEN, LAYERS], TINY_EFFORT)

    assert [result.case for result in report.results] == ["layers-tiny"]
    assert report.failed == (
        FailedCase(case="step-broken", reason="the outputs are wrong.", help="Mend them."),
    )


@pytest.mark.usefixtures("here")
def test_measure_cases_tells_of_every_case_as_it_ends() -> None:
    told: list[tuple[str, int, int]] = []

    def on_case(report: Any, outcome: CaseResult | FailedCase) -> None:
        told.append((outcome.case, len(report.results), len(report.failed)))

    measure_cases([LAYERS, BROKEN, GROWTH], TINY_EFFORT, on_case=on_case)

    assert told == [("layers-tiny", 1, 0), ("step-broken", 1, 1), ("growth-tiny", 2, 1)]


@pytest.mark.usefixtures("here")
def test_measure_cases_names_the_case_in_what_it_tells() -> None:
    told: list[str] = []

    measure_cases([LAYERS], TINY_EFFORT, on_progress=lambda stage, *_, **__: told.append(stage))

    assert told == ["layers-tiny, checking", "layers-tiny, pairs", "layers-tiny, pairs"]
