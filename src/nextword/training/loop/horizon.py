"""Fitting the number of updates to a time limit."""

from nextword.training.loop.progress import TrainingProgress

#: The speed is measured over at least this many updates and seconds.
_MIN_STEPS = 20
_MIN_SECONDS = 5.0
#: The plan is renewed each time the updates or the time have grown by this factor.
_GROWTH = 1.5
#: Fraction of the time for updates; the rest is for the last validation.
_SHARE = 0.95


def fit_horizon(
    progress: TrainingProgress, *, max_minutes: float | None, planned_steps: int
) -> None:
    """Now and then, set `num_steps` to the updates that the time limit has room for.

    The plan is renewed because a machine that is busy at first may become faster, or slower.

    Args:
        progress: The counters; updated in place.
        max_minutes: The time limit; nothing is done when None.
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


def _is_due(progress: TrainingProgress) -> bool:
    if not progress.is_fitted:
        return progress.elapsed_s - progress.planned_at_s >= _MIN_SECONDS
    return (
        progress.elapsed_s >= _GROWTH * progress.planned_at_s
        or progress.step >= _GROWTH * progress.planned_at_step
    )
