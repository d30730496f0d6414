"""Measure cases, each in a separate process, and collect their results."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nextword.base import BenchmarkError, ProgressCallback
from nextword.benchmarking.cases import Case
from nextword.benchmarking.measuring import (
    Effort,
    call_in_subprocess,
    describe_machine,
)
from nextword.benchmarking.results import CaseResult, FailedCase, Report


def measure_case(
    case: Case, effort: Effort, *, on_progress: ProgressCallback | None = None
) -> CaseResult:
    """Measure a case in this process.

    Args:
        case: The case.
        effort: How long to sample.
        on_progress: Called with (stage, done, total).

    Raises:
        BenchmarkError: A result is wrong, or the machine is too busy.
    """
    return case.measure(effort, on_progress=_ignore if on_progress is None else on_progress)


def measure_cases(
    cases: Sequence[Case],
    effort: Effort,
    *,
    on_progress: ProgressCallback | None = None,
    on_case: Callable[[Report, CaseResult | FailedCase], None] | None = None,
) -> Report:
    """Measure cases one after the other. If one fails, the others are still measured.

    Args:
        cases: Cases to measure. Each runs in a new process, which has none of the settings, memory
            or kernels of another.
        effort: How long to sample each case.
        on_progress: Called with (stage, done, total).
        on_case: Called after each case with the report so far and the result of the case.
    """
    report = Report(machine=describe_machine(), effort=effort)
    for case in cases:
        outcome = _outcome(case, effort, on_progress=on_progress)
        if isinstance(outcome, FailedCase):
            report = replace(report, failed=(*report.failed, outcome))
        else:
            report = replace(report, results=(*report.results, outcome))
        if on_case is not None:
            on_case(report, outcome)
    return report


def _outcome(
    case: Case, effort: Effort, *, on_progress: ProgressCallback | None
) -> CaseResult | FailedCase:
    def named_progress(stage: str, done: int, *, total: int | None = None) -> None:
        if on_progress is not None:
            on_progress(f"{case.name}, {stage}", done, total=total)

    try:
        result: CaseResult = call_in_subprocess(
            measure_case,
            case,
            effort,
            on_progress=named_progress,
            hidden_modules=case.hidden_modules,
        )
    except BenchmarkError as error:
        return FailedCase(case=case.name, reason=error.message, help=error.help)
    return result


def _ignore(stage: str, done: int, *, total: int | None = None) -> None:
    """No-op progress hook."""
