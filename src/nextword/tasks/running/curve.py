"""The training curve of a task: the loss, and the score on the validation data."""

from collections.abc import Sequence
from pathlib import Path

from nextword.base import Values, atomic_writer
from nextword.storage import RunFolder
from nextword.training import Callback, ValidationRecord

_TRAIN_COLOR = "#9aa5b1"
_VALIDATION_COLOR = "#d9480f"
_DOTS_PER_INCH = 130


class TaskCurve(Callback):
    """Draws `plots/training-curve.png` from the metrics of the run after each validation.

    Args:
        run: The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def on_validation(self, record: ValidationRecord) -> None:
        """Draw the curve up to this validation."""
        self._run.plots_folder.mkdir(exist_ok=True)
        draw_task_curve(
            self._run.read_metrics(),
            self._run.plots_folder / "training-curve.png",
            score=record.headline,
            title=self._run.path.name,
        )


def draw_task_curve(records: Sequence[Values], path: Path, *, score: str, title: str) -> None:
    """Plot the validation score, and the training loss below, over epochs.

    Args:
        records: Lines of `metrics.jsonl`.
        path: The PNG file to write.
        score: Name of the validation score.
        title: Title of the plot.
    """
    # Imported here because matplotlib takes longer to load than a model.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=[2, 1], sharex=True)
    key = f"validation/{score}"
    validation = [record for record in records if record.get(key) is not None]
    train = [record for record in records if record.get("train/loss") is not None]
    upper.plot(
        [record["epoch"] for record in validation],
        [record[key] for record in validation],
        color=_VALIDATION_COLOR,
        marker="o",
        markersize=4,
    )
    lower.plot(
        [record["epoch"] for record in train],
        [record["train/loss"] for record in train],
        color=_TRAIN_COLOR,
    )
    upper.set_ylabel(f"validation {score.replace('_', ' ')}")
    upper.set_title(title)
    upper.grid(alpha=0.25)
    lower.set_ylabel("training loss")
    lower.set_xlabel("epochs")
    lower.grid(alpha=0.25)
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
