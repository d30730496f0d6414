"""Measuring cases, each in a process of its own, and gathering what came of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nextword.base import BenchmarkError
from nextword.benchmarking.cases import Case, Notify
from nextword.benchmarking.measuring import Effort, call_alone, describe_machine
from nextword.benchmarking.results import CaseResult, FailedCase, Report


def measure_case(case: Case, effort: Effort, *, notify: Notify | None = None) -> CaseResult:
    """Measure a case in this process.

    Raises:
        BenchmarkError: It computes something wrong, or the machine is too busy.
    """
    return case.measure(effort, notify=_tell_nobody if notify is None else notify)


def measure_cases(
    cases: Sequence[Case],
    effort: Effort,
    *,
    notify: Notify | None = None,
    on_case: Callable[[Report, CaseResult | FailedCase], None] | None = None,
) -> Report:
    """Measure cases one after the other; one that fails does not keep the others from it.

    Args:
        cases: What to measure; each in a process of its own, so that none inherits the settings,
            the memory or the kernels of another.
        effort: How long to sample each.
        notify: Is told what is being done.
        on_case: Is given, after each case, the report as it stands and what came of the case.
    """
    report = Report(machine=describe_machine(), effort=effort)
    for case in cases:
        outcome = _outcome(case, effort, notify=notify)
        if isinstance(outcome, FailedCase):
            report = replace(report, failed=(*report.failed, outcome))
        else:
            report = replace(report, results=(*report.results, outcome))
        if on_case is not None:
            on_case(report, outcome)
    return report


def _outcome(case: Case, effort: Effort, *, notify: Notify | None) -> CaseResult | FailedCase:
    def told(stage: str, done: int, total: int | None) -> None:
        if notify is not None:
            notify(f"{case.name}, {stage}", done, total)

    try:
        result: CaseResult = call_alone(
            measure_case, case, effort, notify=told, hidden_modules=case.hidden_modules
        )
    except BenchmarkError as error:
        return FailedCase(case=case.name, reason=error.message, help=error.help)
    return result


def _tell_nobody(stage: str, done: int, total: int | None) -> None:
    """Let nobody know."""
