"""Estimation of the number of updates that fit in a time limit."""

from nextword.training.loop.progress import TrainingProgress

#: The speed is measured over at least this many updates and seconds.
_MIN_STEPS = 20
_MIN_SECONDS = 5.0
#: The plan is updated each time the updates or the time have grown by this factor.
_GROWTH = 1.5
#: Fraction of the time that is used for updates; the rest is for the last validation.
_SHARE = 0.95


def fit_horizon(
    progress: TrainingProgress, *, max_minutes: float | None, planned_steps: int
) -> None:
    """Set `num_steps` to the number of updates that fit in the time limit.

    The speed of a machine can change during training, so the estimate is repeated at growing
    intervals.

    Args:
        progress: The counters; updated in place.
        max_minutes: The time limit, in minutes; `num_steps` is not changed when None.
        planned_steps: Number of updates without a time limit.
    """
    steps = progress.step - progress.planned_at_step
    seconds = progress.elapsed_s - progress.planned_at_s
    if max_minutes is None or steps < _MIN_STEPS or not _is_due(progress):
        return
    seconds_left = max_minutes * 60.0 * _SHARE - progress.elapsed_s
    fitting = progress.step + int(seconds_left * steps / seconds)
    progress.num_steps = max(progress.step + 1, min(planned_steps, fitting))
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


def _is_due(progress: TrainingProgress) -> bool:
    if not progress.is_fitted:
        return progress.elapsed_s - progress.planned_at_s >= _MIN_SECONDS
    return (
        progress.elapsed_s >= _GROWTH * progress.planned_at_s
        or progress.step >= _GROWTH * progress.planned_at_step
    )
