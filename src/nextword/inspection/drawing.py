"""What the pictures of all instruments share. Importing this module loads matplotlib."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nextword.base import atomic_writer

#: Colors that are distinct for color-blind readers; lines also differ in their markers.
COLORS = ("#d9480f", "#1c5fd0", "#495057", "#12a594", "#9c36b5", "#b8860b")
MARKERS = ("o", "s", "^", "D", "v", "P")
GUIDE_COLOR = "#868e96"
_DOTS_PER_INCH = 130


def new_figure(*, width: float = 8.0, height: float = 4.5) -> Figure:
    """Return an empty figure that needs no display.

    Args:
        width: In inches.
        height: In inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as a PNG file and return its path."""
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return path


def style_axes(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Label axes and draw a light grid.

    Args:
        axes: The axes.
        x: Label of the horizontal axis, with its unit.
        y: Label of the vertical axis, with its unit.
        title: Title; none when empty.
    """
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if title:
        axes.set_title(title)
    axes.grid(alpha=0.25)
