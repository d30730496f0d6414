"""Timing of several steps in turns, on a machine whose speed varies.

On a shared machine two threads may have the speed of one core for seconds. Therefore the steps take
turns, a sample counts only if the probe products before and after it are fast, and the reported
figure is the ratio of samples from the same turn.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import torch
from pydantic import Field

from nextword.base import BenchmarkError, PositiveFloat, PositiveInt, settings
from nextword.benchmarking.measuring.spread import Spread

PROBE_SIZE = 768
#: A sample counts if both probes around it take at most this factor of the fastest probe's time.
PROBE_TOLERANCE = 1.25
#: Smallest number of pairs for a result.
MIN_PAIRS = 3
_FIRST_PROBES = 20
#: After a step of more seconds, threads and caches are cold, and the first products are slow.
_COLD_SECONDS = 0.25
_COLD_PROBES = 5
_WARM_UP_STEPS = 3

#: Runs one step and returns its time in seconds.
Step = Callable[[], float]
Clock = Callable[[], float]


@settings()
@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to sample.

    Attributes:
        pairs: Number of valid pairs of each step with the first step.
        seconds: Longest sampling time, in seconds.
        tolerance: Largest ratio of a probe's time to the fastest probe's time.

    Raises:
        ConfigError: A number is out of range.
    """

    pairs: PositiveInt = 20
    seconds: PositiveFloat = 120.0
    tolerance: Annotated[float, Field(ge=1)] = PROBE_TOLERANCE


class Probe:
    """A small matrix product whose time shows whether the machine is at full speed.

    Args:
        clock: Returns the current time in seconds.

    Attributes:
        fastest: Shortest time so far, in seconds.
    """

    def __init__(self, *, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._matrix = torch.randn(PROBE_SIZE, PROBE_SIZE)
        self.fastest = float("inf")
        for _ in range(_FIRST_PROBES):
            self.seconds()

    def seconds(self, *, is_cold: bool = False) -> float:
        """Run the product and return its time in seconds.

        Args:
            is_cold: Whether to run it several times and to return the shortest time.
        """
        seconds = min(self._product_seconds() for _ in range(_COLD_PROBES if is_cold else 1))
        self.fastest = min(self.fastest, seconds)
        return seconds

    def _product_seconds(self) -> float:
        started = self._clock()
        torch.mm(self._matrix, self._matrix)
        return self._clock() - started


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """The time of a step, and of the slower of the two probes around it, in seconds."""

    seconds: float
    probe_seconds: float


@dataclass(kw_only=True)
class Samples:
    """The samples of every step.

    Attributes:
        turns: The samples of each turn, by name of the step.
        slowest_probe: Longest probe time of a valid sample, in seconds.
    """

    turns: list[dict[str, _Sample]] = field(default_factory=list)
    slowest_probe: float = float("inf")

    def seconds(self, name: str) -> list[float]:
        """Return the times of the valid samples of a step, in seconds."""
        return [turn[name].seconds for turn in self.turns if self._counts(turn[name])]

    def ratios(self, name: str, base: str) -> list[float]:
        """Return the ratios of two steps' times, for the turns in which both samples are valid."""
        return [
            turn[name].seconds / turn[base].seconds
            for turn in self.turns
            if self._counts(turn[name]) and self._counts(turn[base])
        ]

    def num_pairs(self) -> int:
        """Return the smallest number of valid pairs of any step with the first step."""
        names = list(self.turns[0]) if self.turns else []
        return min((len(self.ratios(name, names[0])) for name in names), default=0)

    def num_discarded(self) -> int:
        """Return the number of samples that are not valid."""
        return sum(not self._counts(sample) for turn in self.turns for sample in turn.values())

    def spread(self, name: str) -> Spread:
        """Return median and quartiles of a step's time, in seconds."""
        return Spread.of(self.seconds(name))

    def ratio(self, name: str, base: str) -> Spread:
        """Return median and quartiles of the ratios of two steps' times."""
        return Spread.of(self.ratios(name, base))

    def _counts(self, sample: _Sample) -> bool:
        return sample.probe_seconds <= self.slowest_probe


def timed(step: Callable[[], object]) -> Step:
    """Return a function that runs a step and returns its time in seconds."""

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
    """Run steps in turns until there are enough valid pairs or the time is over.

    Args:
        contenders: Steps by name; each is compared with the first one.
        effort: Number of pairs, and longest sampling time.
        probe: Measures the speed of the machine; a new probe when None.
        on_pairs: Called after each turn with the number of valid pairs and the number wanted.
        clock: Returns the current time in seconds.

    Raises:
        BenchmarkError: There are fewer than `MIN_PAIRS` valid pairs, because the machine is busy.
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
            f"{len(samples.turns)} turns in {effort.seconds:g} seconds gave {samples.num_pairs()} "
            f"pairs at the machine's full speed; at least {min(MIN_PAIRS, effort.pairs)} are "
            "needed.",
            help="Close other programs, or allow more time with --seconds.",
        )
    return samples


def _take_turn(contenders: Mapping[str, Step], probe: Probe) -> dict[str, _Sample]:
    turn = {}
    before = probe.seconds()
    for name, step in contenders.items():
        seconds = step()
        after = probe.seconds(is_cold=seconds > _COLD_SECONDS)
        turn[name] = _Sample(seconds=seconds, probe_seconds=max(before, after))
        before = after
    return turn
