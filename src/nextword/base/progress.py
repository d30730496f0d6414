"""The signature of progress callbacks."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class ProgressCallback(Protocol):
    """A progress callback, called as `on_progress(stage, done, total=total)`."""

    def __call__(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Receive the progress of a stage.

        Args:
            stage: Name of the stage, with the unit of `done` if it is not obvious.
            done: Number of units done so far.
            total: Number of units in the stage; None if it is not known.
        """
