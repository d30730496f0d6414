"""Which samples count, when sampling ends, and what is compared with what."""

from collections.abc import Callable, Iterator
from itertools import count, repeat

import pytest

from nextword.base import BenchmarkError, ConfigError
from nextword.benchmarking.measuring import Effort, Probe, Samples, sample_in_turns, timed


class FakeProbe(Probe):
    """Takes the seconds it is told to."""

    def __init__(self, seconds: Iterator[float]) -> None:
        self._seconds = seconds
        self.fastest = float("inf")
        self.cold: list[bool] = []

    def seconds(self, *, is_cold: bool = False) -> float:
        self.cold.append(is_cold)
        seconds = next(self._seconds)
        self.fastest = min(self.fastest, seconds)
        return seconds


def ticking() -> Callable[[], float]:
    """A clock that is a second later each time it is read."""
    numbers = count()
    return lambda: float(next(numbers))


def sampled(
    probes: Iterator[float], effort: Effort, **seconds: float
) -> tuple[Samples, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    contenders = {name: lambda value=value: value for name, value in seconds.items()}
    samples = sample_in_turns(
        contenders,
        effort,
        probe=FakeProbe(probes),
        on_pairs=lambda done, total: told.append((done, total)),
        clock=ticking(),
    )
    return samples, told


def test_sample_in_turns_on_a_quiet_machine_ends_with_the_pairs_that_are_wanted() -> None:
    samples, told = sampled(repeat(1.0), Effort(pairs=4), ours=2.0, theirs=5.0)

    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert samples.seconds("ours") == [2.0] * 4
    assert samples.ratio("theirs", "ours").median == 2.5
    assert samples.num_discarded() == 0


def test_sample_in_turns_a_slow_probe_spoils_the_samples_beside_it() -> None:
    # Probes stand before and after each step: the third turn's second one is slow.
    probes = iter([*[1.0] * 6, 1.0, 2.0, 1.0, *[1.0] * 30])

    samples, _ = sampled(probes, Effort(pairs=4), ours=2.0, theirs=5.0)

    assert len(samples.turns) == 5
    assert samples.num_discarded() == 2


def test_sample_in_turns_one_good_sample_of_a_turn_counts_though_its_pair_does_not() -> None:
    # ours between two fast probes, theirs before a slow one.
    probes = iter([1.0, 1.0, 9.0, *[1.0] * 30])

    samples, _ = sampled(probes, Effort(pairs=3), ours=2.0, theirs=5.0)

    assert len(samples.seconds("ours")) == 4
    assert len(samples.ratios("theirs", "ours")) == 3


def test_sample_in_turns_a_faster_probe_later_spoils_what_was_taken_before() -> None:
    # For two turns the machine ran at half its speed, which only then shows.
    probes = iter([*[2.0] * 6, *[1.0] * 30])

    samples, _ = sampled(probes, Effort(pairs=3), ours=2.0, theirs=5.0)

    assert len(samples.turns) == 5
    assert samples.num_discarded() == 4


def test_sample_in_turns_out_of_time_gives_the_pairs_there_are() -> None:
    samples, told = sampled(repeat(1.0), Effort(pairs=100, seconds=7.5), ours=2.0, theirs=5.0)

    assert 3 <= len(samples.turns) <= 8
    assert told[-1] == (len(samples.turns), 100)


def test_sample_in_turns_busy_machine_says_so() -> None:
    probes = (9.0 if number else 1.0 for number in count())

    with pytest.raises(BenchmarkError, match=r"\d turns in 5 seconds gave 0 pairs") as got:
        sampled(probes, Effort(pairs=100, seconds=5.0), ours=2.0, theirs=5.0)

    assert "at least 3" in got.value.message
    assert "--seconds" in got.value.help


def test_sample_in_turns_busy_machine_takes_one_pair_where_one_is_wanted() -> None:
    samples, _ = sampled(repeat(1.0), Effort(pairs=1, seconds=0.001), ours=2.0, theirs=5.0)

    assert samples.num_pairs() == 1


def test_sample_in_turns_probe_is_warmed_up_after_a_long_step() -> None:
    probe = FakeProbe(repeat(1.0))

    sample_in_turns(
        {"short": lambda: 0.01, "long": lambda: 1.0}, Effort(pairs=2), probe=probe, clock=ticking()
    )

    assert probe.cold == [False, False, True] * 2


def test_sample_in_turns_warms_up_before_it_samples() -> None:
    made: list[str] = []
    contenders = {name: lambda name=name: float(len(made.append(name) or made)) for name in "ab"}

    sample_in_turns(contenders, Effort(pairs=1), probe=FakeProbe(repeat(1.0)))

    assert "".join(made) == "aaabbbab"


def test_samples_without_turns_have_no_pairs() -> None:
    assert Samples().num_pairs() == 0


def test_timed_gives_the_seconds_of_a_step() -> None:
    made: list[int] = []

    seconds = timed(lambda: made.append(1))()

    assert made == [1]
    assert 0.0 <= seconds < 1.0


def test_probe_remembers_its_fastest() -> None:
    moments = iter([0.0, 3.0] * 20 + [0.0, 2.0, 0.0, 5.0])

    probe = Probe(clock=lambda: next(moments))

    assert probe.fastest == 3.0
    assert (probe.seconds(), probe.seconds(), probe.fastest) == (2.0, 5.0, 2.0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"pairs": 0}, "pairs is 0; it must be at least 1"),
        ({"seconds": 0.0}, "seconds is 0.0; it must be above 0"),
        ({"tolerance": 0.5}, "tolerance is 0.5; it must be at least 1"),
    ],
)
def test_effort_out_of_range_is_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Effort(**setting)  # type: ignore[arg-type]  # each key has its own type
