"""The plot of the training curve. Importing this module loads matplotlib, which is slow."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from nextword.base import Values, atomic_writer

_TRAIN_COLOR = "#9aa5b1"
_VALIDATION_COLOR = "#d9480f"
_DOTS_PER_INCH = 130


def draw_training_curve(records: Sequence[Values], path: Path, *, title: str) -> None:
    """Plot the perplexity on a logarithmic axis, and the learning rate below, over epochs.

    Args:
        records: Lines of `metrics.jsonl`.
        path: The PNG file to write.
        title: Title of the plot.
    """
    figure = Figure(figsize=(8, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=[4, 1], sharex=True)
    train = [r for r in records if r.get("train/perplexity")]
    validation = [r for r in records if r.get("validation/perplexity")]
    _plot(upper, train, "train/perplexity", color=_TRAIN_COLOR, label="training", marker="")
    _plot(
        upper,
        validation,
        "validation/perplexity",
        color=_VALIDATION_COLOR,
        label="validation",
        marker="o",
    )
    if validation:
        best = min(validation, key=lambda r: float(r["validation/perplexity"]))
        upper.annotate(
            f"{best['validation/perplexity']:.4g}",
            (best["epoch"], best["validation/perplexity"]),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            color=_VALIDATION_COLOR,
        )
        upper.legend(frameon=False, loc="upper right")
    upper.set_yscale("log")
    _label_plain_numbers(upper)
    upper.set_ylabel("perplexity per token")
    upper.set_title(title)
    upper.grid(alpha=0.25, which="both")
    _plot(lower, train, "train/learning_rate", color="#364fc7", label="", marker="")
    lower.set_ylabel("learning rate")
    lower.set_xlabel("epochs")
    lower.grid(alpha=0.25)
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)


def _plot(
    axes: Axes, records: Sequence[Values], key: str, *, color: str, label: str, marker: str
) -> None:
    axes.plot(
        [r["epoch"] for r in records],
        [r[key] for r in records],
        color=color,
        label=label or None,
        marker=marker,
        markersize=4,
        linewidth=1.4,
    )


def _label_plain_numbers(axes: Axes) -> None:
    """Label a logarithmic axis with 70, 100, 150 instead of powers of ten."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
