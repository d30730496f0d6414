"""What an audit found, as values, as JSON and as a table for people."""

import math
from dataclasses import dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One check.

    Attributes:
        name: The check's name.
        claim: What must hold.
        passed: Whether it does.
        figure: What was measured; NaN where the check could not be carried out.
        limit: What the figure may be at most.
        unit: Of both.
        note: What else there is to say of a failure.
    """

    name: str
    claim: str
    passed: bool
    figure: float
    limit: float
    unit: str
    note: str = ""

    def to_dict(self) -> Values:
        """Give the result for JSON; `note` is there only where there is one."""
        values: Values = {
            "name": self.name,
            "passed": self.passed,
            "figure": self.figure,
            "limit": self.limit,
        }
        return values | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, kw_only=True)
class SkippedCheck:
    """A check that says nothing about this model.

    Attributes:
        name: The check's name.
        reason: Why.
    """

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """Every check of one model.

    Attributes:
        model: What the model is called.
        text: What was read to it.
        checks: Those that were carried out, in their order.
        skipped: The others.
    """

    model: str
    text: str
    checks: tuple[CheckResult, ...]
    skipped: tuple[SkippedCheck, ...]

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether every check that was carried out passed."""
        return not self.failed

    def to_dict(self) -> Values:
        """Give the report for JSON."""
        return {
            "model": self.model,
            "passed": self.passed,
            "checks": [check.to_dict() for check in self.checks],
            "skipped": [{"name": each.name, "reason": each.reason} for each in self.skipped],
        }


def render_audit(report: AuditReport) -> str:
    """Give a report as a table for people, the verdict last."""
    rows = [("check", "what must hold", "figure", "limit", "")]
    rows += [
        (
            check.name,
            check.claim,
            _amount(check.figure, check.unit),
            _amount(check.limit, check.unit),
            "ok" if check.passed else "FAILED",
        )
        for check in report.checks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [f"model  {report.model}", f"read   {report.text}", ""]
    for name, claim, figure, limit, verdict in rows:
        cells = [name.ljust(widths[0]), claim.ljust(widths[1])]
        cells += [figure.rjust(widths[2]), limit.rjust(widths[3]), verdict]
        lines.append("  ".join(cells).rstrip())
    lines += [f"{check.name}: {check.note}" for check in report.failed if check.note]
    lines += [f"{each.name} is left out: {each.reason}." for each in report.skipped]
    return "\n".join([*lines, "", _verdict(report)])


def _verdict(report: AuditReport) -> str:
    if report.passed:
        return f"All {len(report.checks)} checks passed."
    names = ", ".join(check.name for check in report.failed)
    return f"{len(report.failed)} of {len(report.checks)} checks FAILED: {names}."


def _amount(value: float, unit: str) -> str:
    """Give a figure with its unit: counts as they are, the rest in powers of ten."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "infinite"
    digits = f"{value:.0f}" if value.is_integer() else f"{value:.1e}"
    return f"{digits} {unit}".rstrip()
