"""What every case is: a name, and something that can be checked and then measured."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch

from nextword.benchmarking.measuring import Effort, Samples
from nextword.benchmarking.results import CaseResult, Row
from nextword.tensors import dtype_name, resolve_precision

#: Is told what is being done: (stage, done, total).
Notify = Callable[[str, int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """A comparison that can be named. A value: it can be sent to another process.

    Attributes:
        name: What the command line calls it.
        summary: What it compares, in a line.
        precision: `auto`, `float32` or `bfloat16`, as `training.precision`.
    """

    name: str
    summary: str
    precision: str = "auto"

    @property
    def hidden_modules(self) -> tuple[str, ...]:
        """Name the modules that shall seem not to be installed where it is measured."""
        return ()

    @property
    def dtype(self) -> torch.dtype:
        """Return the dtype of our products on this machine."""
        return resolve_precision(self.precision, torch.device("cpu"))

    @abstractmethod
    def measure(self, effort: Effort, *, notify: Notify) -> CaseResult:
        """Check it, then time it. Best called in a process of its own.

        Raises:
            BenchmarkError: It computes something wrong, or the machine is too busy.
        """


def row_of(samples: Samples, name: str, *, base: str, precision: torch.dtype) -> Row:
    """Return the row of a contender, compared with the one that is called `base`."""
    return Row(
        name=name,
        precision=dtype_name(precision),
        seconds=samples.spread(name),
        ratio=None if name == base else samples.ratio(name, base),
    )


def on_pairs(notify: Notify, *others: Callable[[], None]) -> Callable[[int, int], None]:
    """Return what tells of the pairs that there are, and does whatever else is due after a turn."""

    def after_turn(done: int, total: int) -> None:
        notify("pairs", done, total)
        for other in others:
            other()

    return after_turn
