"""What a callback is told. Each method does nothing here; a callback overrides what it needs."""

from nextword.training.loop.records import StepRecord, ValidationRecord


class Callback:
    """Watches a training; it must not touch the model or draw random numbers."""

    def on_missing_kernels(self) -> None:
        """Training is about to begin, and the compiled kernels, which would help, are missing."""

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Training begins, or goes on after `first_step` updates."""

    def on_step(self, record: StepRecord) -> None:
        """Some updates were made."""

    def on_validation(self, record: ValidationRecord) -> None:
        """The model was measured."""

    def on_end(self) -> None:
        """Training is over, whether done, stopped or failed."""
