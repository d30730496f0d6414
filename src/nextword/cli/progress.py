"""Progress of a long job on standard error: nothing, plain lines, or a progress bar.

Knows the records of a training, and no commands.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from nextword.cli.output import remark
from nextword.training import Callback, StepRecord, ValidationRecord

if TYPE_CHECKING:
    from typing import Self

#: Shortest time between two plain lines, in seconds.
LINE_INTERVAL_S = 5.0
#: Longest time between two lines of a stage, in seconds. The interval grows with the stage's time.
LONGEST_INTERVAL_S = 60.0
#: Time before the first line of a stage, in seconds. Shorter stages print nothing.
STAGE_PATIENCE_S = 2.0

#: Figures from here on are shown with an exponent, so that they fit in their columns.
_LARGE = 1e5

Clock = Callable[[], float]


class ProgressDisplay(Callback):
    """Progress display that shows nothing; base class of the lines and the bar.

    A display is a training callback. Its method `on_progress` is called during the stages before
    and after training. Use it in a `with` block, which closes it.

    Attributes:
        has_trained: Whether training has started; False for a run that was already finished.
    """

    def __init__(self) -> None:
        self.has_trained = False

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Record that training has started."""
        self.has_trained = True

    def on_progress(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Show the progress of a stage.

        Args:
            stage: What is being done, and in which unit it is counted.
            done: Number of units done.
            total: Number of units in total; None if unknown.
        """

    def close(self) -> None:
        """Close the display."""


class LineProgress(ProgressDisplay):
    """Progress as plain lines with fixed columns, for files, pipes and logs.

    Args:
        clock: Returns the current time in seconds.
        headline: Name of the figure of the training loss, for the column headings.
        unit: What the speed counts, in the plural.
    """

    def __init__(
        self,
        clock: Clock = time.monotonic,
        *,
        headline: str = "perplexity",
        unit: str = "tokens",
    ) -> None:
        super().__init__()
        self._clock = clock
        self._header = header_line(headline, unit)
        self._shown_at = -LINE_INTERVAL_S
        self._stage = ""
        self._stage_since = 0.0
        self._stage_line_at = 0.0
        self._waiting: StepRecord | None = None

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Print the column headings."""
        super().on_start(first_step=first_step, num_steps=num_steps)
        if first_step:
            remark(f"resuming after step {first_step}")
        remark(self._header)
        self._shown_at = self._clock() - LINE_INTERVAL_S

    def on_step(self, record: StepRecord) -> None:
        """Print the record if enough time has passed since the last line."""
        self._waiting = record
        if self._clock() - self._shown_at >= LINE_INTERVAL_S:
            self._show_waiting()

    def on_validation(self, record: ValidationRecord) -> None:
        """Print the result of a validation."""
        remark(validation_line(record))

    def on_end(self) -> None:
        """Print the last record if it has not been printed."""
        self._show_waiting()

    def on_progress(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Print the progress of a stage that takes more than 2 seconds."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._stage_since = stage, now
            self._stage_line_at = now + STAGE_PATIENCE_S
        if now >= self._stage_line_at:
            seconds = now - self._stage_since
            self._stage_line_at = now + min(max(LINE_INTERVAL_S, seconds), LONGEST_INTERVAL_S)
            remark(f"{stage}: {share_done(done, total)} ({seconds:.0f} s)")

    def _show_waiting(self) -> None:
        if self._waiting is not None:
            remark(step_line(self._waiting))
            self._waiting = None
            self._shown_at = self._clock()


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


def make_progress(
    *, quiet: bool, is_terminal: bool, headline: str = "perplexity", unit: str = "tokens"
) -> ProgressDisplay:
    """Return a display: none if `quiet`, a progress bar on a terminal, otherwise plain lines.

    Args:
        quiet: Whether to show nothing.
        is_terminal: Whether standard error is a terminal.
        headline: Name of the figure of the training loss.
        unit: What the speed counts, in the plural.
    """
    if quiet:
        return ProgressDisplay()
    if not is_terminal:
        return LineProgress(headline=headline, unit=unit)
    from nextword.cli.progress_bar import BarProgress

    return BarProgress()
