"""A picture of the attention of a target to its source."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from nextword.base import atomic_writer
from nextword.tasks.metrics.pictures import plain_label

_DOTS_PER_INCH = 130
#: More labels than this cannot be read; only every n-th is drawn.
_MAX_LABELS = 60


def draw_alignment(
    alignment: Float64[np.ndarray, "time source"],
    path: Path,
    *,
    source: Sequence[str],
    target: Sequence[str],
) -> None:
    """Draw attention weights as a grey-scale map into a PNG file; dark is a large weight.

    Args:
        alignment: The weights, (time, source).
        path: The file.
        source: The label of each column.
        target: The label of each row.
    """
    # Imported here because matplotlib takes longer to load than a model.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    num_rows, num_columns = alignment.shape
    size = (2 + 0.28 * min(num_columns, _MAX_LABELS), 1.5 + 0.28 * min(num_rows, _MAX_LABELS))
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(alignment, cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto")
    for axis, labels in ((axes.xaxis, source), (axes.yaxis, target)):
        step = -(-len(labels) // _MAX_LABELS)
        shown = [plain_label(label) for label in labels[::step]]
        axis.set_ticks(range(0, len(labels), step), labels=shown)
    axes.set_xlabel("source")
    axes.set_ylabel("target")
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
