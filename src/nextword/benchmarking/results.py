"""Benchmark results, as values and as JSON. Knows nothing of how they are measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nextword.base import Values
from nextword.benchmarking.measuring import Effort, Parity, Spread


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of one implementation in a case.

    Attributes:
        name: Name of the implementation.
        precision: dtype of its matrix products; empty if it has none.
        seconds: Time of one step, in seconds.
        ratio: Time relative to the first row, from samples of the same turn; None in the first row.
        tokens_per_second: Tokens per second; None if a step reads no tokens.
        share_of_peak: Floating-point operations per second relative to the peak in the same dtype;
            None if they are not counted.
        share_of_bandwidth: Bytes of weights per second, each read once per step, relative to the
            speed at which one thread reads an array of their size; None if not measured. With
            several streams, products take most of the time.
        memory_growth_mib: Increase of the process's memory in the first step, in MiB; None if not
            measured.
        peak_memory_mib: Peak memory of the program that is measured, in MiB; None if the program is
            not a process of its own.
        at: Value of the varied size, for growth curves.
        exponent: p, if time grows as size to the p since the row before; for growth curves.
    """

    name: str
    precision: str
    seconds: Spread
    ratio: Spread | None = None
    tokens_per_second: float | None = None
    share_of_peak: float | None = None
    share_of_bandwidth: float | None = None
    memory_growth_mib: float | None = None
    peak_memory_mib: float | None = None
    at: int | None = None
    exponent: float | None = None

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {
            **vars(self),
            "seconds": self.seconds.to_dict(),
            "ratio": None if self.ratio is None else self.ratio.to_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """The result of one case.

    Attributes:
        case: Name of the case.
        kind: `step`, `layers`, `outputs`, `growth`, `generate` or `ngram`.
        summary: One line that describes the case.
        sizes: Sizes of the model and the batch, by name.
        parity: Largest distance from the reference.
        rows: One row per implementation; each is compared with the first one.
        num_turns: Number of turns.
        num_discarded: Number of samples that are not valid, because the machine was slow.
        elapsed_s: Total time, in seconds.
        backends: Backends of nextword's recurrent layers, lowest layer first.
        peaks: Peak floating-point operations per second, by dtype.
        axis: The size that is varied, for growth curves.
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
        """Return the fields as JSON values."""
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
        case: Name of the case.
        reason: Why it is not reported.
        help: What to do about it.
    """

    case: str
    reason: str
    help: str = ""

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Report:
    """The results of one benchmark run.

    Attributes:
        machine: Description of the machine, as JSON values.
        effort: How long each case was sampled.
        results: Results of the cases, in order.
        failed: Cases that are not reported.
    """

    machine: Values
    effort: Effort
    results: tuple[CaseResult, ...] = ()
    failed: tuple[FailedCase, ...] = ()

    def to_dict(self) -> Values:
        """Return the JSON object of `nextword bench --json`, without its schema number."""
        return {
            "machine": self.machine,
            "effort": vars(self.effort),
            "results": [result.to_dict() for result in self.results],
            "failed": [failed.to_dict() for failed in self.failed],
        }
