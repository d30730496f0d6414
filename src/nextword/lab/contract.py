"""The contract of a claim: what the course says, how it is measured, and what is expected.

The expectation is stated before the measurement. A claim fails only if its expectation is missed:
that a claim of the course does not hold, or holds only in part, is a result and not a failure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from nextword.base import Values
from nextword.lab.workbench import Workbench

#: Numbers, texts and lists of them by name, as JSON values.
Figures = Values


class Verdict(StrEnum):
    """Whether a claim of the course holds as it is said."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    FAILS = "does not hold"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One part of a stated expectation.

    Attributes:
        text: The expectation, with its threshold.
        passed: Whether the measurement meets it.
    """

    text: str
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of an experiment.

    Attributes:
        verdict: Whether the claim holds.
        reason: Why, in one or two sentences with the decisive figures.
        figures: What was measured; the same for the same seed.
        checks: The parts of the stated expectation.
        timings: Seconds and speeds, which differ between two runs.
        pictures: Names of the files in `Workbench.pictures`.
    """

    verdict: Verdict
    reason: str
    figures: Figures
    checks: tuple[Check, ...]
    timings: Figures = field(default_factory=dict)
    pictures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every part of the expectation is met."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place in the course.

    Attributes:
        lecture: Key in the list of references, such as `lecture-004`.
        place: Title of the slides or of the passage.
    """

    lecture: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of the course with its experiment.

    Attributes:
        id: Number of the claim, such as `C6`.
        name: Name on the command line, such as `bptt-sum`.
        statement: The claim in one or two sentences.
        sources: Where the course says so.
        method: What the experiment does, in a few sentences.
        expected: The expectation, stated before the measurement.
        measure: Runs the experiment. The generators of Python, NumPy and torch are seeded.
    """

    id: str
    name: str
    statement: str
    sources: tuple[Source, ...]
    method: str
    expected: str
    measure: Callable[[Workbench], Finding]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A claim with the result of its experiment.

    Attributes:
        claim: The claim.
        finding: The result.
        seconds: Time of the experiment, including shared models that were trained in it.
    """

    claim: Claim
    finding: Finding
    seconds: float

    def to_dict(self) -> Figures:
        """Return the outcome as JSON values."""
        claim, finding = self.claim, self.finding
        return {
            "id": claim.id,
            "name": claim.name,
            "statement": claim.statement,
            "sources": [{"lecture": each.lecture, "place": each.place} for each in claim.sources],
            "method": claim.method,
            "expected": claim.expected,
            "verdict": finding.verdict.value,
            "reason": finding.reason,
            "passed": finding.passed,
            "checks": [{"text": each.text, "passed": each.passed} for each in finding.checks],
            "figures": finding.figures,
            "timings": {**finding.timings, "seconds": round(self.seconds, 1)},
            "pictures": list(finding.pictures),
        }
