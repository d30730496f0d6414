"""Timing several steps in turns, on a machine whose speed changes from second to second.

Shared machines drift: for seconds at a time two threads together may give one core's rate. So the
contenders take turns in one process, a sample counts only between two fast probe products, and
what is reported is the ratio of samples of the same turn.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from nextword.base import BenchmarkError, require_range
from nextword.benchmarking.measuring.spread import Spread

PROBE_SIZE = 768
#: A sample counts when both probes around it are within this factor of the fastest one seen.
PROBE_TOLERANCE = 1.25
#: Fewer pairs than these say nothing.
MIN_PAIRS = 3
_FIRST_PROBES = 20
_WARM_UP_STEPS = 3

#: Makes one step and gives the seconds it took.
Step = Callable[[], float]
Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to sample.

    Attributes:
        pairs: Pairs that count, wanted of every contender with the first one.
        seconds: After which sampling ends with the pairs there are.
        tolerance: How much slower than the fastest probe the machine may be.

    Raises:
        ConfigError: A number is out of range.
    """

    pairs: int = 20
    seconds: float = 120.0
    tolerance: float = PROBE_TOLERANCE

    def __post_init__(self) -> None:
        require_range("pairs", self.pairs, low=1)
        require_range("seconds", self.seconds, low=0.0, open_low=True)
        require_range("tolerance", self.tolerance, low=1.0)


class Probe:
    """A small product whose time says whether the machine is at full speed right now.

    Attributes:
        fastest: The least seconds it has taken so far.
    """

    def __init__(self, *, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._matrix = torch.randn(PROBE_SIZE, PROBE_SIZE)
        self.fastest = float("inf")
        for _ in range(_FIRST_PROBES):
            self.seconds()

    def seconds(self) -> float:
        """Make the product and give its seconds."""
        started = self._clock()
        torch.mm(self._matrix, self._matrix)
        seconds = self._clock() - started
        self.fastest = min(self.fastest, seconds)
        return seconds


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """A step's seconds, and those of the slower probe beside it."""

    seconds: float
    probe_seconds: float


@dataclass(kw_only=True)
class Samples:
    """What every contender took, turn by turn.

    Attributes:
        turns: The samples of each turn, by contender.
        slowest_probe: Probes that took longer, seconds, spoil a sample.
    """

    turns: list[dict[str, _Sample]] = field(default_factory=list)
    slowest_probe: float = float("inf")

    def seconds(self, name: str) -> list[float]:
        """Return the samples of a contender that count."""
        return [turn[name].seconds for turn in self.turns if self._counts(turn[name])]

    def ratios(self, name: str, base: str) -> list[float]:
        """Return a contender's time over another one's, in the turns in which both count."""
        return [
            turn[name].seconds / turn[base].seconds
            for turn in self.turns
            if self._counts(turn[name]) and self._counts(turn[base])
        ]

    def num_pairs(self) -> int:
        """Count the pairs with the first contender that every other one has at least."""
        names = list(self.turns[0]) if self.turns else []
        return min((len(self.ratios(name, names[0])) for name in names), default=0)

    def num_discarded(self) -> int:
        """Count the samples that do not count."""
        return sum(not self._counts(sample) for turn in self.turns for sample in turn.values())

    def spread(self, name: str) -> Spread:
        """Return the seconds of a contender."""
        return Spread.of(self.seconds(name))

    def ratio(self, name: str, base: str) -> Spread:
        """Return a contender's time over another one's."""
        return Spread.of(self.ratios(name, base))

    def _counts(self, sample: _Sample) -> bool:
        return sample.probe_seconds <= self.slowest_probe


def timed(step: Callable[[], object]) -> Step:
    """Return a step that says how many seconds it took."""

    def timed_step() -> float:
        started = time.perf_counter()
        step()
        return time.perf_counter() - started

    return timed_step


def sample_in_turns(
    contenders: Mapping[str, Step],
    effort: Effort,
    *,
    probe: Probe | None = None,
    on_pairs: Callable[[int, int], None] | None = None,
    clock: Clock = time.perf_counter,
) -> Samples:
    """Let contenders take turns until there are enough pairs or the time is over.

    Args:
        contenders: Steps by name; each is compared with the first one.
        effort: How many pairs, and how long at most.
        probe: Says how fast the machine is.
        on_pairs: Is told after each turn how many pairs there are, and how many are wanted.
        clock: Gives seconds.

    Raises:
        BenchmarkError: The machine was too busy for even a few pairs.
    """
    for step in contenders.values():
        for _ in range(_WARM_UP_STEPS):
            step()
    probe = Probe() if probe is None else probe
    samples, deadline = Samples(), clock() + effort.seconds
    while samples.num_pairs() < effort.pairs and (not samples.turns or clock() < deadline):
        samples.turns.append(_take_turn(contenders, probe))
        samples.slowest_probe = effort.tolerance * probe.fastest
        if on_pairs is not None:
            on_pairs(samples.num_pairs(), effort.pairs)
    if samples.num_pairs() < min(MIN_PAIRS, effort.pairs):
        raise BenchmarkError(
            f"in {effort.seconds:g} seconds and {len(samples.turns)} turns there were "
            f"{samples.num_pairs()} pairs at the machine's full speed, of at least "
            f"{min(MIN_PAIRS, effort.pairs)}.",
            help="Measure when nothing else runs, or give it longer with --seconds.",
        )
    return samples


def _take_turn(contenders: Mapping[str, Step], probe: Probe) -> dict[str, _Sample]:
    turn = {}
    before = probe.seconds()
    for name, step in contenders.items():
        seconds = step()
        after = probe.seconds()
        turn[name] = _Sample(seconds=seconds, probe_seconds=max(before, after))
        before = after
    return turn
