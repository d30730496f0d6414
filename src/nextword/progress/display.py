"""A display of the progress of a long job, which shows nothing. Knows no commands."""

from types import TracebackType
from typing import TYPE_CHECKING

from nextword.training import Callback

if TYPE_CHECKING:
    from typing import Self


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
