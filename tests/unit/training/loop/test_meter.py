"""Means over some updates, worked out by hand."""

from types import SimpleNamespace

import pytest

from nextword.optim import Clipped
from nextword.training import Objective, StepRecord, TrainingProgress, UpdateLoss
from nextword.training.loop.meter import Meter


class Clock:
    """A clock that a test sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def perf_counter(self) -> float:
        return self.seconds


class Words(Objective):
    """An objective of which only the names are asked for."""

    unit = "words"
    start_epoch = backward = mark = rewind = state = load_state = validate = None  # type: ignore[assignment]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(4.0)
    monkeypatch.setattr(
        "nextword.training.loop.meter.time", SimpleNamespace(perf_counter=made.perf_counter)
    )
    return made


def add(meter: Meter, *, loss_sum: float, num_items: int, norm: float, is_clipped: bool) -> None:
    meter.add(
        UpdateLoss(loss_sum=loss_sum, num_items=num_items),
        Clipped(norm=norm, threshold=3.0, is_clipped=is_clipped),
    )


def filled(meter: Meter) -> Meter:
    """Three updates: losses 18 over 12 targets, norms 9, one of them clipped."""
    add(meter, loss_sum=6.0, num_items=3, norm=2.0, is_clipped=False)
    add(meter, loss_sum=8.0, num_items=4, norm=6.0, is_clipped=True)
    add(meter, loss_sum=4.0, num_items=5, norm=1.0, is_clipped=False)
    return meter


def record(meter: Meter, *, step: int = 3, num_steps: int = 13) -> StepRecord:
    progress = TrainingProgress(step=step, num_steps=num_steps, num_seen=12, elapsed_s=7.5)
    found = meter.record(progress, Words(), epoch=0.25, learning_rate=0.125)
    assert found is not None
    return found


def test_meter_record_gives_means_over_targets_and_updates(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 10.0

    found = record(meter)

    assert found.figures["loss"] == 18.0 / 12
    assert found.grad_norm == 9.0 / 3
    assert found.clip_rate == 1 / 3
    assert found.items_per_second == 12 / 6.0
    # Ten updates are left, at two seconds each.
    assert found.remaining_s == 20


def test_meter_record_takes_over_what_it_is_told(clock: Clock) -> None:
    clock.seconds = 5.0

    found = record(filled(Meter()))

    assert (found.step, found.num_steps, found.num_seen) == (3, 13, 12)
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
    add(meter, loss_sum=5.0, num_items=2, norm=0.5, is_clipped=True)
    clock.seconds = 10.5

    found = record(meter)

    assert (found.figures["loss"], found.grad_norm, found.clip_rate) == (2.5, 0.5, 1.0)
    assert found.items_per_second == 4.0


def test_meter_without_an_update_gives_no_record(clock: Clock) -> None:
    meter = Meter()

    assert meter.record(TrainingProgress(), Words(), epoch=0.0, learning_rate=0.0) is None


def test_meter_skipped_seconds_do_not_count(clock: Clock) -> None:
    meter = filled(Meter())
    clock.seconds = 10.0
    meter.skip(2.0)

    assert record(meter).items_per_second == 12 / 4.0


def test_meter_in_no_time_gives_a_finite_speed(clock: Clock) -> None:
    assert record(filled(Meter())).items_per_second == pytest.approx(12e9)


def test_meter_loaded_goes_on_where_it_stood(clock: Clock) -> None:
    meter, other = filled(Meter()), Meter()
    clock.seconds = 10.0
    values = meter.state_values()
    clock.seconds = 500.0
    other.load_state_values(values)
    clock.seconds = 501.0
    add(other, loss_sum=2.0, num_items=9, norm=3.0, is_clipped=True)

    found = record(other)

    assert found.figures["loss"] == 20.0 / 21
    assert (found.grad_norm, found.clip_rate) == (3.0, 0.5)
    assert found.items_per_second == 21 / 7.0
