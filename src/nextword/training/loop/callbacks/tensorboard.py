"""The TensorBoard callback, which requires the extra `tensorboard`."""

from nextword.base import MissingExtraError
from nextword.storage import RunFolder
from nextword.training.loop.callbacks.contract import Callback
from nextword.training.loop.records import StepRecord, ValidationRecord


class TensorBoard(Callback):
    """Writes every figure as a TensorBoard event to the folder `tensorboard/` of the run.

    Args:
        run: The run folder.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """

    def __init__(self, run: RunFolder) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                "--tensorboard needs tensorboardX, which is not installed.",
                help="pip install 'nextword[tensorboard]'",
            ) from error
        self._writer = SummaryWriter(str(run.path / "tensorboard"))

    def on_step(self, record: StepRecord) -> None:
        """Write the figures of the record."""
        self._write(record)

    def on_validation(self, record: ValidationRecord) -> None:
        """Write the figures of the record."""
        self._write(record)

    def on_end(self) -> None:
        """Close the event file."""
        self._writer.close()

    def _write(self, record: StepRecord | ValidationRecord) -> None:
        for name, value in record.to_values().items():
            if "/" in name:
                self._writer.add_scalar(name, float(value), record.step)
