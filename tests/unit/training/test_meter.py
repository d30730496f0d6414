"""Means over some updates, worked out by hand."""

from types import SimpleNamespace

import pytest

from nextword.optim import Clipped
from nextword.training import Progress, StepRecord, UpdateLoss
from nextword.training.meter import Meter


class Clock:
    """A clock that a test sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def perf_counter(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(4.0)
    monkeypatch.setattr(
        "nextword.training.meter.time", SimpleNamespace(perf_counter=made.perf_counter)
    )
    return made


def add(meter: Meter, *, nll_sum: float, num_targets: int, norm: float, is_clipped: bool) -> None:
    meter.add(
        UpdateLoss(nll_sum=nll_sum, num_targets=num_targets),
        Clipped(norm=norm, threshold=3.0, is_clipped=is_clipped),
    )


def filled(meter: Meter) -> Meter:
    """Three updates: losses 18 over 12 targets, norms 9, one of them clipped."""
    add(meter, nll_sum=6.0, num_targets=3, norm=2.0, is_clipped=False)
    add(meter, nll_sum=8.0, num_targets=4, norm=6.0, is_clipped=True)
    add(meter, nll_sum=4.0, num_targets=5, norm=1.0, is_clipped=False)
    return meter


def record(meter: Meter, *, step: int = 3, num_steps: int = 13) -> StepRecord:
    progress = Progress(step=step, num_steps=num_steps, num_tokens_seen=12, elapsed_s=7.5)
    found = meter.record(progress, epoch=0.25, learning_rate=0.125)
    assert found is not None
    return found


def test_meter_record_gives_means_over_targets_and_updates(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 10.0

    found = record(meter)

    assert found.nll_per_token == 18.0 / 12
    assert found.grad_norm == 9.0 / 3
    assert found.clip_rate == 1 / 3
    assert found.tokens_per_second == 12 / 6.0
    # Ten updates are left, at two seconds each.
    assert found.remaining_s == 20


def test_meter_record_takes_over_what_it_is_told(clock: Clock) -> None:
    clock.seconds = 5.0

    found = record(filled(Meter()))

    assert (found.step, found.num_steps, found.num_tokens_seen) == (3, 13, 12)
    assert (found.epoch, found.learning_rate, found.elapsed_s) == (0.25, 0.125, 7.5)


def test_meter_remaining_seconds_are_rounded_up(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 5.0

    assert record(meter, step=3, num_steps=7).remaining_s == 2


def test_meter_remaining_seconds_beyond_the_plan_are_none(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 5.0

    assert record(meter, step=9, num_steps=7).remaining_s == 0


def test_meter_after_a_record_begins_anew(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 10.0
    record(meter)
    add(meter, nll_sum=5.0, num_targets=2, norm=0.5, is_clipped=True)
    clock.seconds = 10.5

    found = record(meter)

    assert (found.nll_per_token, found.grad_norm, found.clip_rate) == (2.5, 0.5, 1.0)
    assert found.tokens_per_second == 4.0


def test_meter_without_an_update_gives_no_record(clock: Clock) -> None:
    meter = Meter()

    assert meter.record(Progress(), epoch=0.0, learning_rate=0.0) is None


def test_meter_skipped_seconds_do_not_count(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 10.0
    meter.skip(2.0)

    assert record(meter).tokens_per_second == 12 / 4.0


def test_meter_in_no_time_gives_a_finite_speed(clock: Clock) -> None:
    assert record(filled(Meter())).tokens_per_second == pytest.approx(12e9)


def test_meter_loaded_goes_on_where_it_stood(clock: Clock) -> None:
    meter, other = filled(Meter()), Meter()
    clock.seconds = 10.0
    values = meter.state_values()
    clock.seconds = 500.0
    other.load_state_values(values)
    clock.seconds = 501.0
    add(other, nll_sum=2.0, num_targets=9, norm=3.0, is_clipped=True)

    found = record(other)

    assert found.nll_per_token == 20.0 / 21
    assert (found.grad_norm, found.clip_rate) == (3.0, 0.5)
    assert found.tokens_per_second == 21 / 7.0
