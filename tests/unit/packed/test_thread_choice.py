from collections import Counter
from collections.abc import Callable

import pytest

from nextword.packed.thread_choice import ThreadChoice


class FakeClock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def chosen(
    choice: ThreadChoice, clock: FakeClock, seconds: Callable[[int], float], *, num_calls: int
) -> Counter[int]:
    """Make calls that take some seconds, by their number of threads."""
    counts: Counter[int] = Counter()
    for _ in range(num_calls):
        with choice.timed(amount=2) as number:
            clock.now += 2 * seconds(number)
        counts[number] += 1
    return counts


@pytest.mark.parametrize(("seconds_of_two", "best"), [(0.6, 2), (5.0, 1)])
def test_thread_choice_takes_the_faster_number_most_of_the_time(
    seconds_of_two: float, best: int
) -> None:
    clock = FakeClock()
    choice = ThreadChoice(most=2, clock=clock)

    counts = chosen(choice, clock, lambda n: 1.0 if n == 1 else seconds_of_two, num_calls=300)

    assert counts[best] > 290
    assert counts.total() == 300


def test_thread_choice_forgets_a_slow_first_call_of_several_threads() -> None:
    clock = FakeClock()
    choice = ThreadChoice(most=2, clock=clock)
    starting = iter([20.0])

    counts = chosen(choice, clock, lambda n: 1.0 if n == 1 else next(starting, 0.6), num_calls=20)

    assert counts[2] >= 10


def test_thread_choice_changes_when_other_programs_start() -> None:
    clock = FakeClock()
    choice = ThreadChoice(most=4, clock=clock)
    chosen(choice, clock, lambda n: 1.0 / n, num_calls=50)

    counts = chosen(choice, clock, lambda n: 1.0 * n * n, num_calls=20)

    assert counts[1] >= 15


def test_thread_choice_finds_that_cores_are_free_again() -> None:
    clock = FakeClock()
    choice = ThreadChoice(most=2, clock=clock)
    chosen(choice, clock, lambda n: 1.0 * n * n, num_calls=1000)

    chosen(choice, clock, lambda n: 1.0 / n, num_calls=1200)
    counts = chosen(choice, clock, lambda n: 1.0 / n, num_calls=100)

    assert counts[2] > 80


def test_thread_choice_of_one_thread_is_one() -> None:
    clock = FakeClock()

    assert chosen(ThreadChoice(most=1, clock=clock), clock, float, num_calls=9) == {1: 9}


def test_thread_choice_knows_the_time_of_the_faster_number() -> None:
    clock = FakeClock()
    choice = ThreadChoice(most=2, clock=clock)
    assert choice.seconds is None

    chosen(choice, clock, lambda n: 1.0 if n == 1 else 0.6, num_calls=20)

    assert choice.seconds == pytest.approx(0.6)
