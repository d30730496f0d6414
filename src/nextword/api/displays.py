"""The progress display of a training that Python code starts."""

from collections.abc import Callable, Sequence

from nextword.progress import ProgressDisplay, default_display
from nextword.storage import RunFolder
from nextword.training import Callback, ProgressCallback

#: Callbacks, or a function that returns them for the run folder.
Callbacks = Sequence[Callback] | Callable[[RunFolder], Sequence[Callback]]


def display_for(
    callbacks: Callbacks, *, on_progress: ProgressCallback | None, progress: bool
) -> ProgressDisplay:
    """Return the display of a training: a bar in a terminal or a notebook, or none.

    Args:
        callbacks: The callbacks of the caller. A function brings its own display.
        on_progress: The display of the caller for the stages before and after training.
        progress: Whether a bar is wanted.
    """
    has_own = callable(callbacks) or on_progress is not None
    return ProgressDisplay() if has_own or not progress else default_display()


def callbacks_with(
    display: ProgressDisplay, callbacks: Callbacks
) -> Callable[[RunFolder], Sequence[Callback]]:
    """Return a function that returns the callbacks of the caller and the display for a run.

    Args:
        display: The display.
        callbacks: The callbacks of the caller. A function brings its own display.
    """
    return callbacks if callable(callbacks) else lambda run: [display, *callbacks]
