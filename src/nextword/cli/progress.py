"""Progress of a long job on standard error: nothing, plain lines, or a progress bar.

Knows the records of a training, and no commands.
"""

import time
from collections.abc import Callable

from nextword.cli.output import remark
from nextword.progress import (
    BarProgress,
    ProgressDisplay,
    duration,
    figure,
    header_line,
    share_done,
    step_line,
    validation_line,
)
from nextword.training import StepRecord, ValidationRecord

__all__ = ["LineProgress", "ProgressDisplay", "duration", "figure", "make_progress"]

#: Shortest time between two plain lines, in seconds.
LINE_INTERVAL_S = 5.0
#: Longest time between two lines of a stage, in seconds. The interval grows with the stage's time.
LONGEST_INTERVAL_S = 60.0
#: Time before the first line of a stage, in seconds. Shorter stages print nothing.
STAGE_PATIENCE_S = 2.0

Clock = Callable[[], float]


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
    return BarProgress()
