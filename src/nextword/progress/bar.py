"""A progress bar for terminals. Knows the records of a training, and no commands."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn

from nextword.progress.display import ProgressDisplay
from nextword.progress.figures import duration, figure, share_done, validation_line
from nextword.training import StepRecord, ValidationRecord


class BarProgress(ProgressDisplay):
    """A progress bar for training, and a spinner for each other stage.

    Args:
        console: Console to draw on; standard error when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self._console = Console(stderr=True) if console is None else console
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def on_start(self, *, first_step: int, num_steps: int) -> None:
        """Draw the bar."""
        super().on_start(first_step=first_step, num_steps=num_steps)
        self._open(BarColumn(bar_width=24), TextColumn("{task.completed}/{task.total}"))
        self._add("training", total=num_steps, completed=first_step)

    def on_step(self, record: StepRecord) -> None:
        """Update the bar and its figures."""
        self._update(figures_line(record), total=record.num_steps, completed=record.step)

    def on_validation(self, record: ValidationRecord) -> None:
        """Print the result of a validation above the bar."""
        self._console.print(validation_line(record), highlight=False)

    def on_end(self) -> None:
        """Stop updating the bar."""
        self.close()

    def on_progress(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Show the progress of a stage."""
        if stage != self._stage:
            self.close()
            self._open(SpinnerColumn())
            self._add(stage, total=total, completed=0)
            self._stage = stage
        self._update(share_done(done, total), total=total, completed=done)

    def close(self) -> None:
        """Stop drawing."""
        if self._progress is not None:
            self._progress.stop()
        self._progress, self._task, self._stage = None, None, ""

    def _open(self, *columns: ProgressColumn) -> None:
        self.close()
        self._progress = Progress(
            TextColumn("{task.description}"),
            *columns,
            TextColumn("{task.fields[figures]}"),
            console=self._console,
        )
        self._progress.start()

    def _add(self, name: str, *, total: int | None, completed: int) -> None:
        if self._progress is not None:
            self._task = self._progress.add_task(name, total=total, completed=completed, figures="")

    def _update(self, figures: str, *, total: int | None, completed: int) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=completed, figures=figures)


def figures_line(record: StepRecord) -> str:
    """Return the figures shown next to the bar."""
    return (
        f"{record.headline} {figure(record.value)}  "
        f"{record.items_per_second:,.0f} {record.unit}/s  "
        f"gradient {record.grad_norm:.2f}  clipped {100 * record.clip_rate:.0f}%  "
        f"{duration(record.remaining_s)} left"
    )


def default_display() -> ProgressDisplay:
    """Return a bar on a terminal and in a notebook, otherwise a display that shows nothing."""
    console = Console(stderr=True)
    is_seen = console.is_terminal or console.is_jupyter
    return BarProgress(console) if is_seen else ProgressDisplay()
