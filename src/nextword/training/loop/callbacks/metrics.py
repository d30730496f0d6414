"""`metrics.jsonl` in the run folder, with one line of JSON per record."""

from nextword.storage import RunFolder
from nextword.training.loop.callbacks.contract import Callback
from nextword.training.loop.records import StepRecord, ValidationRecord


class MetricsFile(Callback):
    """Appends every record to the metrics of the run folder.

    Args:
        run: The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._validated_step: int | None = None

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Remove records that an interrupted run wrote after its last checkpoint."""
        self._run.truncate_metrics(after_step=first_step)
        last = (self._run.read_metrics() or [{}])[-1]
        is_validation = any(name.startswith("validation/") for name in last)
        self._validated_step = last["step"] if is_validation else None

    def on_step(self, record: StepRecord) -> None:
        """Append the record."""
        self._run.append_metrics(record.to_values())

    def on_validation(self, record: ValidationRecord) -> None:
        """Append the record.

        A run that was killed between a validation and its checkpoint repeats the validation; the
        record is kept once.
        """
        if record.step != self._validated_step:
            self._run.append_metrics(record.to_values())
