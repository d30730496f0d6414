"""Estimation of the number of updates that fit in a time limit."""

from nextword.training.loop.progress import TrainingProgress

#: The plan is updated after every update until this many updates and seconds have been measured.
_MIN_STEPS = 20
_MIN_SECONDS = 5.0
#: Then it is updated each time the updates or the time have grown by this factor.
_GROWTH = 1.5
#: Fraction of the time that is used for updates; the rest is for the last validation.
_SHARE = 0.95
#: The shortest duration in seconds.
_CLOCK_TICK = 1e-6


def fit_horizon(
    progress: TrainingProgress, *, max_minutes: float | None, planned_steps: int
) -> None:
    """Set `num_steps` to the number of updates that fit in the time limit.

    Call it before the first update, when its gradient has been computed, and after every update.
    The schedule therefore knows the time limit from the first update on, even if the limit is a few
    seconds. The speed of a machine can change during training, so the estimate is repeated: after
    every update at first, then at growing intervals.

    Args:
        progress: The counters; updated in place.
        max_minutes: The time limit, in minutes; `num_steps` is not changed when None.
        planned_steps: Number of updates without a time limit.
    """
    if max_minutes is None:
        return
    if progress.step == 1 and not progress.is_fitted:
        # The first update is slower than the others, so it is not measured.
        progress.planned_at_step, progress.planned_at_s = 1, progress.elapsed_s
        return
    is_measured = progress.is_fitted or _is_measured(progress)
    if not is_measured and not _has_no_plan(progress):
        return
    if progress.is_fitted and not _has_grown(progress):
        return
    steps = max(1, progress.step - progress.planned_at_step)
    seconds = max(progress.elapsed_s - progress.planned_at_s, _CLOCK_TICK)
    seconds_left = max_minutes * 60.0 * _SHARE - progress.elapsed_s
    fitting = progress.step + int(seconds_left * steps / seconds)
    progress.num_steps = max(progress.step + 1, min(planned_steps, fitting))
    if is_measured:
        progress.planned_at_step, progress.planned_at_s = progress.step, progress.elapsed_s
        progress.is_fitted = True


def extend_horizon(
    progress: TrainingProgress, *, max_minutes: float | None, planned_steps: int
) -> None:
    """Set `num_steps` when the limits of a training that was stopped have changed.

    Until the speed is measured again, it is that of the updates so far. The schedule therefore goes
    on with about the learning rate that it keeps.

    Args:
        progress: The counters; updated in place.
        max_minutes: The new time limit, in minutes, which includes the time so far; None for none.
        planned_steps: Number of updates without a time limit.
    """
    progress.num_steps = planned_steps
    if max_minutes is not None and progress.step and progress.elapsed_s > 0.0:
        seconds_left = max(0.0, max_minutes * 60.0 * _SHARE - progress.elapsed_s)
        fitting = int(seconds_left * progress.step / progress.elapsed_s)
        progress.num_steps = min(planned_steps, progress.step + max(1, fitting))
    progress.planned_at_step, progress.planned_at_s = progress.step, progress.elapsed_s
    progress.is_fitted = False


def _is_measured(progress: TrainingProgress) -> bool:
    """Whether enough updates were made since the last plan to measure their speed."""
    return (
        progress.step - progress.planned_at_step >= _MIN_STEPS
        and progress.elapsed_s - progress.planned_at_s >= _MIN_SECONDS
    )


def _has_no_plan(progress: TrainingProgress) -> bool:
    """Whether this training has just begun; a resumed one has the speed of its first part."""
    return progress.planned_at_step <= 1


def _has_grown(progress: TrainingProgress) -> bool:
    """Whether there are enough updates since the last plan for another one."""
    return progress.step - progress.planned_at_step >= _MIN_STEPS and (
        progress.elapsed_s >= _GROWTH * progress.planned_at_s
        or progress.step >= _GROWTH * progress.planned_at_step
    )
