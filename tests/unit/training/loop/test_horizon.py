"""How many updates fit in a time limit."""

import pytest

from nextword.optim import ScheduleConfig, schedule_share
from nextword.training import TrainingProgress
from nextword.training.loop.horizon import extend_horizon, fit_horizon

PLANNED_BEFORE = 77


def fitted(
    *,
    step: int,
    elapsed_s: float,
    max_minutes: float | None = 10.0,
    planned_steps: int = 10**6,
    planned_at: tuple[int, float] | None = None,
) -> TrainingProgress:
    """The counters after fitting to ten minutes, 570 seconds of which are for updates."""
    at_step, at_s = planned_at if planned_at is not None else (0, 0.0)
    progress = TrainingProgress(
        step=step,
        num_steps=PLANNED_BEFORE,
        elapsed_s=elapsed_s,
        planned_at_step=at_step,
        planned_at_s=at_s,
        is_fitted=planned_at is not None,
    )
    fit_horizon(progress, max_minutes=max_minutes, planned_steps=planned_steps)
    return progress


def test_fit_horizon_first_plan_uses_the_speed_since_the_start() -> None:
    progress = fitted(step=100, elapsed_s=50.0)

    # 520 seconds are left, at two updates a second.
    assert progress.num_steps == 100 + 1040
    assert (progress.planned_at_step, progress.planned_at_s) == (100, 50.0)
    assert progress.is_fitted


def test_fit_horizon_later_plan_uses_the_speed_since_the_last_one() -> None:
    progress = fitted(step=200, elapsed_s=150.0, planned_at=(100, 50.0))

    # 420 seconds are left, at one update a second.
    assert progress.num_steps == 200 + 420
    assert (progress.planned_at_step, progress.planned_at_s) == (200, 150.0)


@pytest.mark.parametrize(
    ("step", "elapsed_s", "num_steps", "is_fitted"),
    [
        (0, 0.5, 1139, False),  # before the first update, its gradient is measured
        (19, 9.5, 19 + 1121, False),
        (60, 4.8, 60 + 7065, False),
        (20, 5.0, 20 + 2260, True),
    ],
)
def test_fit_horizon_plans_after_every_update_until_the_speed_is_measured(
    step: int, elapsed_s: float, num_steps: int, is_fitted: bool
) -> None:
    progress = fitted(step=step, elapsed_s=elapsed_s)

    assert progress.num_steps == num_steps
    assert progress.is_fitted is is_fitted


def test_fit_horizon_does_not_measure_the_first_update() -> None:
    progress = fitted(step=1, elapsed_s=3.0)

    progress.step, progress.elapsed_s = 2, 3.5
    fit_horizon(progress, max_minutes=10.0, planned_steps=10**6)

    assert progress.num_steps == 2 + 1133  # 566.5 seconds, at half a second for an update


def test_fit_horizon_of_an_extended_run_waits_for_a_measurement() -> None:
    progress = TrainingProgress(
        step=1003, num_steps=1140, elapsed_s=560.0, planned_at_step=1000, planned_at_s=500.0
    )

    fit_horizon(progress, max_minutes=10.0, planned_steps=10**6)

    assert progress.num_steps == 1140


@pytest.mark.parametrize(
    ("step", "elapsed_s", "is_planned"),
    [(149, 74.9, False), (150, 74.9, True), (149, 75.0, True), (119, 500.0, False)],
)
def test_fit_horizon_later_plan_waits_until_updates_or_time_have_grown(
    step: int, elapsed_s: float, is_planned: bool
) -> None:
    progress = fitted(step=step, elapsed_s=elapsed_s, planned_at=(100, 50.0))

    assert (progress.num_steps != PLANNED_BEFORE) is is_planned
    assert (progress.planned_at_step == step) is is_planned


def test_fit_horizon_without_a_time_limit_changes_nothing() -> None:
    progress = fitted(step=100, elapsed_s=50.0, max_minutes=None)

    assert progress.num_steps == PLANNED_BEFORE
    assert not progress.is_fitted


def test_fit_horizon_never_exceeds_the_planned_updates() -> None:
    assert fitted(step=100, elapsed_s=50.0, planned_steps=300).num_steps == 300


def test_fit_horizon_after_the_time_limit_makes_one_more_update() -> None:
    assert fitted(step=100, elapsed_s=700.0).num_steps == 101


def extended(*, max_minutes: float | None, planned_steps: int = 10**6) -> TrainingProgress:
    """The counters of a run of 1,000 updates in 500 seconds, with new limits."""
    progress = TrainingProgress(step=1000, num_steps=1000, elapsed_s=500.0, is_fitted=True)
    extend_horizon(progress, max_minutes=max_minutes, planned_steps=planned_steps)
    return progress


@pytest.mark.parametrize(
    ("max_minutes", "planned_steps", "num_steps"),
    [
        (10.0, 10**6, 1000 + 140),  # 70 of the 570 seconds are left, at two updates a second
        (10.0, 1100, 1100),
        (None, 3000, 3000),
        (5.0, 10**6, 1001),
    ],
)
def test_extend_horizon_uses_the_speed_so_far(
    max_minutes: float | None, planned_steps: int, num_steps: int
) -> None:
    progress = extended(max_minutes=max_minutes, planned_steps=planned_steps)

    assert progress.num_steps == num_steps
    assert not progress.is_fitted


def test_extend_horizon_the_rate_does_not_jump_when_the_speed_is_measured() -> None:
    cosine = ScheduleConfig(kind="cosine", warmup_share=0.0)
    progress = extended(max_minutes=20.0)

    def rate() -> float:
        return schedule_share(cosine, step=progress.step, num_steps=progress.num_steps)

    before = rate()
    progress.step, progress.elapsed_s = progress.step + 20, progress.elapsed_s + 10.0
    fit_horizon(progress, max_minutes=20.0, planned_steps=10**6)

    assert progress.is_fitted
    assert rate() == pytest.approx(before, rel=0.05)
