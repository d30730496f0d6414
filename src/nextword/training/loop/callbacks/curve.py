"""The training curve, drawn again after each validation."""

from nextword.storage import RunFolder
from nextword.training.loop.callbacks.contract import Callback
from nextword.training.loop.records import ValidationRecord


class TrainingCurve(Callback):
    """Draws `plots/training-curve.png` from the metrics of the run.

    Args:
        run: The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def on_validation(self, record: ValidationRecord) -> None:
        """Draw the curve up to this validation."""
        # Imported here because matplotlib takes longer to load than a model.
        from nextword.training.loop.callbacks.curve_drawing import draw_training_curve

        self._run.plots_folder.mkdir(exist_ok=True)
        draw_training_curve(
            self._run.read_metrics(),
            self._run.plots_folder / "training-curve.png",
            title=self._run.path.name,
        )
