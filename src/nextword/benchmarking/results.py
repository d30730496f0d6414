"""What was measured, as values and as JSON. Knows nothing of how it was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nextword.base import Values
from nextword.benchmarking.measuring import Effort, Parity, Spread


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contender of a case.

    Attributes:
        name: What it is.
        precision: Number format of its products.
        seconds: Of one step.
        ratio: Its time over that of the first row, turn by turn; None in the first row.
        tokens_per_second: Where a step reads tokens.
        share_of_peak: Operations a second over the most that a large product reached in the same
            dtype; where they are counted.
        memory_growth_mib: What the process grows by in a first step; where it was measured.
        at: The size that is varied; of growth curves.
        exponent: p, where from the row before to this one time grows as the size to the p; of
            growth curves.
    """

    name: str
    precision: str
    seconds: Spread
    ratio: Spread | None = None
    tokens_per_second: float | None = None
    share_of_peak: float | None = None
    memory_growth_mib: float | None = None
    at: int | None = None
    exponent: float | None = None

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return {
            **vars(self),
            "seconds": self.seconds.to_dict(),
            "ratio": None if self.ratio is None else self.ratio.to_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """One case.

    Attributes:
        case: Its name.
        kind: `step`, `layers`, `outputs` or `growth`.
        summary: What it is, in a line.
        sizes: Of the model and the batch, by name.
        parity: How far from the reference it is.
        rows: The contenders; each is compared with the first one.
        num_turns: Turns that were taken.
        num_discarded: Samples that do not count, because the machine was slow beside them.
        elapsed_s: What all of it took.
        backends: How our recurrent layers are run, lowest first.
        peaks: Floating-point operations a second of a large product, by dtype.
        axis: The size that is varied; of growth curves.
    """

    case: str
    kind: str
    summary: str
    sizes: Mapping[str, int]
    parity: Parity
    rows: tuple[Row, ...]
    num_turns: int
    num_discarded: int
    elapsed_s: float
    backends: tuple[str, ...] = ()
    peaks: Mapping[str, float] = field(default_factory=dict)
    axis: str | None = None

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return {
            **vars(self),
            "sizes": dict(self.sizes),
            "parity": self.parity.to_dict(),
            "rows": [row.to_dict() for row in self.rows],
            "backends": list(self.backends),
            "peaks": dict(self.peaks),
        }


@dataclass(frozen=True, kw_only=True)
class FailedCase:
    """A case that is not reported.

    Attributes:
        case: Its name.
        reason: Why.
        help: What to do about it.
    """

    case: str
    reason: str
    help: str = ""

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that one call measured.

    Attributes:
        machine: What it was measured on.
        effort: How long it was sampled.
        results: The cases, in their order.
        failed: Those that are not reported.
    """

    machine: Values
    effort: Effort
    results: tuple[CaseResult, ...] = ()
    failed: tuple[FailedCase, ...] = ()

    def to_dict(self) -> Values:
        """Return the JSON object of `nextword bench --json`, but for its schema."""
        return {
            "machine": self.machine,
            "effort": vars(self.effort),
            "results": [result.to_dict() for result in self.results],
            "failed": [failed.to_dict() for failed in self.failed],
        }
