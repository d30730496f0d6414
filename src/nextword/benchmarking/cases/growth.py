"""Growth curves: the time of a training step against one of its sizes, for both implementations.

The time should grow linearly with the number of time steps, rows and words, and quadratically with
the width of a layer.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import torch

from nextword.base import ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Samples,
    Step,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.results import CaseResult, Row
from nextword.benchmarking.step import (
    StepSizes,
    at_default_precision,
    peer_step,
    step_of,
    step_parity,
    training_state,
)
from nextword.tensors import dtype_name, tune_process

OURS = "nextword"
PEER = "torch, allocator set"


@dataclass(frozen=True, kw_only=True)
class GrowthCase(Case):
    """A training step at several values of one size.

    Attributes:
        sizes: Values of the other sizes.
        axis: The size that is varied, a field of `StepSizes`.
        values: Values of that size, in ascending order.
    """

    sizes: StepSizes
    axis: str
    values: tuple[int, ...]

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check a small step, then time all sizes in turns."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        parity = step_parity(num_layers=self.sizes.num_layers, precision=self.dtype)
        torch.manual_seed(0)
        contenders: dict[str, Step] = {}
        for number, value in enumerate(self.values):
            on_progress("building", number, total=len(self.values))
            contenders |= self._contenders(value)
        samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress))
        rows = [*self._curve(samples, OURS, self.dtype), *self._curve(samples, PEER, torch.float32)]
        return self.result(
            samples,
            kind="growth",
            sizes=asdict(self.sizes),
            parity=parity,
            rows=tuple(rows),
            started=started,
            axis=self.axis,
        )

    def _sizes_at(self, value: int) -> StepSizes:
        return replace(self.sizes, **{self.axis: value})

    def _contenders(self, value: int) -> dict[str, Step]:
        sizes = self._sizes_at(value)
        state = training_state(sizes, precision=dtype_name(self.dtype))
        return {
            _at(OURS, value): timed(step_of(state)),
            _at(PEER, value): timed(at_default_precision(peer_step(sizes))),
        }

    def _curve(self, samples: Samples, name: str, precision: torch.dtype) -> list[Row]:
        """Return the rows of one implementation, with ratios to nextword at the smallest size."""
        base = _at(OURS, self.values[0])
        rows = [
            replace(
                row_of(samples, _at(name, value), base=base, precision=precision),
                name=name,
                at=value,
                tokens_per_second=self._sizes_at(value).num_tokens
                / samples.spread(_at(name, value)).median,
            )
            for value in self.values
        ]
        return with_exponents(rows)


def with_exponents(rows: Sequence[Row]) -> list[Row]:
    """Return rows with `exponent` set: p, if time grows as size to the p since the row before.

    Args:
        rows: Rows of one implementation, in ascending order of size.
    """
    grown = [replace(row, exponent=_exponent(before, row)) for before, row in pairwise(rows)]
    return [*rows[:1], *grown]


def _exponent(before: Row, row: Row) -> float | None:
    if before.at is None or row.at is None:
        return None
    times = row.seconds.median / before.seconds.median
    return math.log(times) / math.log(row.at / before.at)


def _at(name: str, value: int) -> str:
    return f"{name} at {value}"
