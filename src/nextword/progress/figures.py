"""Records of a training as text: columns, figures and durations."""

from nextword.training import StepRecord, ValidationRecord

#: Figures from here on are shown with an exponent, so that they fit in their columns.
_LARGE = 1e5


def header_line(headline: str, unit: str) -> str:
    """Return the headings of the columns of `step_line`."""
    return (
        f"{'step':>13} {'epoch':>7} {headline:>11} {unit + '/s':>9} {'rate':>9} "
        f"{'gradient':>9} {'clipped':>7} {'left':>8}"
    )


def figure(value: float) -> str:
    """Return a figure with two decimals, or four if it is below 1; large ones with an exponent.

    Example:
        >>> figure(103.456), figure(0.95678), figure(2.5e17)
        ('103.46', '0.9568', '2.50e+17')
    """
    if abs(value) >= _LARGE:
        return f"{value:.2e}"
    return f"{value:.2f}" if abs(value) >= 1.0 else f"{value:.4f}"


def step_line(record: StepRecord) -> str:
    """Return a training record as a line with fixed columns."""
    step = f"{record.step}/{record.num_steps}"
    return (
        f"{step:>13} {record.epoch:7.2f} {figure(record.value):>11} "
        f"{record.items_per_second:9,.0f} {record.learning_rate:9.2e} {_norm(record.grad_norm):>9} "
        f"{100 * record.clip_rate:6.0f}% {duration(record.remaining_s):>8}"
    )


def _norm(value: float) -> str:
    return f"{value:.2e}" if abs(value) >= _LARGE else f"{value:.3f}"


def validation_line(record: ValidationRecord) -> str:
    """Return the result of a validation as a line."""
    best = ", the best so far" if record.is_best else ""
    return f"validation after step {record.step}: {record.headline} {figure(record.value)}{best}"


def share_done(done: int, total: int | None) -> str:
    """Return the progress of a stage as text, with the total if it is known.

    Example:
        >>> share_done(43_520, 170_071), share_done(1_000, None)
        ('43,520 of 170,071', '1,000')
    """
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"


def duration(seconds: float) -> str:
    """Return a duration as text, in hours, minutes and seconds.

    Example:
        >>> duration(200), duration(7260)
        ('3m20s', '2h01m')
    """
    if seconds < 0 or seconds != seconds or seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
