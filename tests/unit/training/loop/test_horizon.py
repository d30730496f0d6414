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
    ("step", "elapsed_s", "num_steps"),
    [(19, 60.0, PLANNED_BEFORE), (60, 4.9, PLANNED_BEFORE), (20, 5.0, 20 + 2260)],
)
def test_fit_horizon_first_plan_waits_for_updates_and_seconds(
    step: int, elapsed_s: float, num_steps: int
) -> None:
    assert fitted(step=step, elapsed_s=elapsed_s).num_steps == num_steps


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
