"""The base class of callbacks. All its methods are no-ops that a callback can override."""

from nextword.optim import Clipped
from nextword.training.loop.records import StepRecord, ValidationRecord


class Callback:
    """Base class of callbacks, which must not modify the model or use its random generators."""

    def on_missing_kernels(self) -> None:
        """Called before training if the compiled kernels would be used but are not installed."""

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Called when training starts or is resumed.

        Args:
            first_step: Number of updates made before.
            num_steps: Number of planned updates.
        """

    def on_update(self, step: int, clipped: Clipped) -> None:
        """Called in every update, after its gradient was clipped and before the weights change.

        The gradients are in the `.grad` of the parameters. With plain gradient descent they still
        have to be multiplied with `clipped.scale`.

        Args:
            step: Number of the update, from 1.
            clipped: The norm of its gradient before clipping, and whether it was clipped.
        """

    def on_step(self, record: StepRecord) -> None:
        """Called every few updates, with a record of them."""

    def on_validation(self, record: ValidationRecord) -> None:
        """Called after each validation, with its record."""

    def on_end(self) -> None:
        """Called when training ends: finished, stopped or failed."""
