"""The base class of all benchmark cases."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from nextword.base import ProgressCallback
from nextword.benchmarking.measuring import Effort, Samples
from nextword.benchmarking.results import CaseResult, Row
from nextword.tensors import dtype_name, resolve_precision


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """A named comparison. It is a value and can be pickled.

    Attributes:
        name: Name on the command line.
        summary: One line that describes what is compared.
        precision: `auto`, `float32` or `bfloat16`, as in the setting `training.precision`.
    """

    name: str
    summary: str
    precision: str = "auto"

    @property
    def hidden_modules(self) -> tuple[str, ...]:
        """Modules that must not be importable while the case is measured."""
        return ()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of nextword's matrix products on this machine."""
        return resolve_precision(self.precision, torch.device("cpu"))

    @abstractmethod
    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check the results of the case, then time it. Should run in a separate process.

        Args:
            effort: How long to sample.
            on_progress: Called with (stage, done, total).

        Raises:
            BenchmarkError: A result is wrong, or the machine is too busy.
        """

    def result(
        self, samples: Samples, *, kind: str, started: float, rows: tuple[Row, ...], **details: Any
    ) -> CaseResult:
        """Return the result of the case.

        Args:
            samples: The samples of all implementations.
            kind: As in `CaseResult`.
            started: When `measure` began, by `time.perf_counter`.
            rows: One row for each implementation.
            details: The other fields of `CaseResult`.
        """
        return CaseResult(
            case=self.name,
            kind=kind,
            summary=self.summary,
            rows=rows,
            num_turns=len(samples.turns),
            num_discarded=samples.num_discarded(),
            elapsed_s=time.perf_counter() - started,
            **details,
        )


def row_of(samples: Samples, name: str, *, base: str, precision: torch.dtype | None) -> Row:
    """Return the row of one implementation, with its ratio to the implementation `base`.

    Args:
        samples: The samples of all implementations.
        name: Name of the implementation.
        base: Name of the implementation to compare it with.
        precision: dtype of its matrix products; None if it has none.
    """
    return Row(
        name=name,
        precision="" if precision is None else dtype_name(precision),
        seconds=samples.spread(name),
        ratio=None if name == base else samples.ratio(name, base),
    )


def pairs_hook(
    on_progress: ProgressCallback, *others: Callable[[], None]
) -> Callable[[int, int], None]:
    """Return a hook for `sample_in_turns` that reports the number of pairs.

    Args:
        on_progress: Called with the stage `pairs`.
        others: Functions that are also called after each turn.
    """

    def after_turn(done: int, total: int) -> None:
        on_progress("pairs", done, total=total)
        for other in others:
            other()

    return after_turn
