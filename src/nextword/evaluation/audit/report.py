"""The results of an audit, as values, as JSON and as a table."""

import math
from dataclasses import dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The result of one check.

    Attributes:
        name: Name of the check.
        claim: The property that was checked.
        passed: Whether the model has the property.
        figure: Size of the violation; NaN if the model raised an exception.
        limit: Largest figure that passes.
        unit: Unit of figure and limit.
        note: Details of a failure; empty if there are none.
    """

    name: str
    claim: str
    passed: bool
    figure: float
    limit: float
    unit: str
    note: str = ""

    def to_dict(self) -> Values:
        """Return the result as JSON values; the key `note` is left out if the note is empty."""
        values: Values = {
            "name": self.name,
            "passed": self.passed,
            "figure": self.figure,
            "limit": self.limit,
        }
        return values | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, kw_only=True)
class SkippedCheck:
    """A check that does not apply to this model.

    Attributes:
        name: Name of the check.
        reason: Why it does not apply.
    """

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The results of all checks of one model.

    Attributes:
        model: Name of the model.
        text: Description of the passage that the model was evaluated on.
        checks: Results of the checks that were run, in order.
        skipped: Checks that do not apply.
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
        """Whether every check that was run passed."""
        return not self.failed

    def to_dict(self) -> Values:
        """Return the report as JSON values."""
        return {
            "model": self.model,
            "passed": self.passed,
            "checks": [check.to_dict() for check in self.checks],
            "skipped": [{"name": each.name, "reason": each.reason} for each in self.skipped],
        }


def render_audit(report: AuditReport) -> str:
    """Return a report as a text table, with the overall result in the last line."""
    rows = [("check", "property", "figure", "limit", "")]
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
    lines = [f"model  {report.model}", f"text   {report.text}", ""]
    for name, claim, figure, limit, result in rows:
        cells = [name.ljust(widths[0]), claim.ljust(widths[1])]
        cells += [figure.rjust(widths[2]), limit.rjust(widths[3]), result]
        lines.append("  ".join(cells).rstrip())
    lines += [f"{check.name}: {check.note}" for check in report.failed if check.note]
    lines += [f"{each.name} was skipped: {each.reason}." for each in report.skipped]
    return "\n".join([*lines, "", _summary(report)])


def _summary(report: AuditReport) -> str:
    if report.passed:
        return f"All {len(report.checks)} checks passed."
    names = ", ".join(check.name for check in report.failed)
    return f"{len(report.failed)} of {len(report.checks)} checks FAILED: {names}."


def _amount(value: float, unit: str) -> str:
    """Return a figure with its unit: integers in full, other values in scientific notation."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "infinite"
    digits = f"{value:.0f}" if value.is_integer() else f"{value:.1e}"
    return f"{digits} {unit}".rstrip()
