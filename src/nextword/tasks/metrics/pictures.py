"""Pictures of metrics. Importing this module loads matplotlib, which is slow."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nextword.base import atomic_writer
from nextword.tasks.metrics.calibration import Calibration
from nextword.tasks.metrics.confusion import ConfusionMatrix

_COLOR, _GUIDE_COLOR = "#5c7cfa", "#495057"
_DOTS_PER_INCH = 130
#: A larger matrix cannot be read in one picture; rare labels are then drawn together.
_MAX_LABELS = 60
#: Cells of larger matrices are too small for numbers of more than one digit.
_MAX_LABELS_WITH_NUMBERS = 30
_INCHES_PER_LABEL = 0.34
_MIN_INCHES = 2.4
_MAX_LABEL_CHARACTERS = 24
_DARK_SHARE = 0.55


def draw_confusion(matrix: ConfusionMatrix, path: Path) -> None:
    """Draw a confusion matrix; the color of a cell is its share of the items in its row.

    Args:
        matrix: The matrix. Beyond 60 labels, the rarest are drawn as one.
        path: The PNG file to write.
    """
    matrix = matrix.most_frequent(_MAX_LABELS)
    size = max(_MIN_INCHES, _INCHES_PER_LABEL * len(matrix.labels))
    figure = Figure(figsize=(size + 2.2, size + 1.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    totals = matrix.counts.sum(1, keepdims=True)
    shares = matrix.counts / np.maximum(totals, 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    figure.colorbar(image, ax=axes, shrink=0.7, label="share of the expected label")
    _name_labels(axes, matrix)
    if len(matrix.labels) <= _MAX_LABELS_WITH_NUMBERS:
        _write_counts(axes, matrix, shares)
    axes.set_xlabel("predicted")
    axes.set_ylabel("expected")
    axes.set_title(f"{matrix.num_items:,} items", fontsize=9)
    _save(figure, path)


def draw_reliability(calibration: Calibration, path: Path) -> None:
    """Draw a reliability diagram: accuracy by probability, and the number of predictions below.

    Args:
        calibration: The figures.
        path: The PNG file to write.
    """
    figure = Figure(figsize=(4.6, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    used = [each for each in calibration.bins if each.num_items]
    places = [each.low for each in used]
    widths = [each.high - each.low for each in used]
    upper.bar(
        places,
        [each.accuracy or 0.0 for each in used],
        width=widths,
        align="edge",
        color=_COLOR,
        edgecolor="white",
        label="accuracy of the bin",
    )
    upper.plot([0, 1], [0, 1], "--", color=_GUIDE_COLOR, linewidth=1, label="perfect calibration")
    confidences = [each.confidence or 0.0 for each in used]
    accuracies = [each.accuracy or 0.0 for each in used]
    upper.plot(confidences, accuracies, "o", color=_GUIDE_COLOR, markersize=3)
    upper.set_xlim(0, 1)
    upper.set_ylim(0, 1)
    upper.set_ylabel("accuracy")
    error = calibration.expected_calibration_error
    upper.set_title(f"ECE {error:.4f}, {calibration.num_items:,} predictions", fontsize=9)
    upper.legend(frameon=False, fontsize=8, loc="upper left")
    lower.bar(
        places, [each.num_items for each in used], width=widths, align="edge", color=_GUIDE_COLOR
    )
    lower.set_xlabel("probability of the prediction")
    lower.set_ylabel("predictions")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _name_labels(axes: Axes, matrix: ConfusionMatrix) -> None:
    places = range(len(matrix.labels))
    names = [_short(label) for label in matrix.labels]
    # A label may contain dollar signs, which would otherwise start a formula.
    axes.set_xticks(places, names, rotation=90, fontsize=8, parse_math=False)
    axes.set_yticks(places, names, fontsize=8, parse_math=False)


def _short(label: str) -> str:
    if len(label) <= _MAX_LABEL_CHARACTERS:
        return label
    return f"{label[: _MAX_LABEL_CHARACTERS - 3]}..."


def _write_counts(
    axes: Axes, matrix: ConfusionMatrix, shares: Float[np.ndarray, "labels labels"]
) -> None:
    for row, column in zip(*np.nonzero(matrix.counts), strict=True):
        is_dark = shares[row, column] > _DARK_SHARE
        text = f"{matrix.counts[row, column]}"
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=7 if len(text) < 4 else 5,
            color="white" if is_dark else "black",
        )


def _save(figure: Figure, path: Path) -> None:
    with warnings.catch_warnings(), atomic_writer(path) as file:
        # Labels may be in scripts that the font lacks; they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)


def plain_label(label: str) -> str:
    """Return a label in which matplotlib does not look for formulas."""
    return label.replace("$", r"\$")
