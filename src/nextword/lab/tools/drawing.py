"""Pictures of claims: curves and bars in colours that colour-blind people can distinguish."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from nextword.base import atomic_writer

#: The palette of Okabe and Ito, without yellow, which is too pale on white.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DOTS_PER_INCH = 100
_WIDTH, _HEIGHT = 6.0, 3.4
_MAX_MARKED = 25

#: The x and y values of a curve.
Curve = tuple[Sequence[float], Sequence[float]]


def draw_curves(
    curves: Mapping[str, Curve],
    path: Path,
    *,
    title: str,
    labels: tuple[str, str],
    log_x: bool = False,
    log_y: bool = False,
    guides: Mapping[str, float] | None = None,
) -> str:
    """Plot curves and return the name of the file.

    Args:
        curves: The curves by their name in the legend.
        path: The PNG file to write.
        title: Title of the plot.
        labels: Labels of the two axes.
        log_x: Whether the x axis is logarithmic.
        log_y: Whether the y axis is logarithmic; values that are not positive are left out.
        guides: Heights of dotted horizontal lines by their name.
    """
    figure, axes = _new_figure(title)
    for (name, (x, y)), color, marker in zip(
        curves.items(), cycle(COLORS), cycle(_MARKERS), strict=False
    ):
        points = [(a, b) for a, b in zip(x, y, strict=True) if b > 0 or not log_y]
        shown = marker if len(points) <= _MAX_MARKED else ""
        axes.plot(*zip(*points, strict=True), color=color, marker=shown, markersize=4, label=name)
    for name, height in (guides or {}).items():
        axes.axhline(height, color="#555555", linestyle=":", linewidth=1, label=name)
    if log_x:
        axes.set_xscale("log")
        places = sorted({place for x, _ in curves.values() for place in x})
        axes.set_xticks(places, [f"{place:g}" for place in places], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
    if log_y:
        axes.set_yscale("log")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    return _saved(figure, path)


def draw_bars(
    heights: Mapping[str, float],
    path: Path,
    *,
    title: str,
    label: str,
    guides: Mapping[str, float] | None = None,
) -> str:
    """Plot horizontal bars with their values, and return the name of the file.

    Args:
        heights: The lengths of the bars by name, top first.
        path: The PNG file to write.
        title: Title of the plot.
        label: Label of the axis.
        guides: Places of dotted vertical lines by their name.
    """
    figure, axes = _new_figure(title)
    names = list(heights)
    axes.barh(names, list(heights.values()), color=COLORS[0], height=0.7)
    axes.invert_yaxis()
    for place, value in enumerate(heights.values()):
        axes.text(value, place, f" {value:.3g}", va="center", fontsize=8)
    for name, where in (guides or {}).items():
        axes.axvline(where, color="#d55e00", linestyle=":", linewidth=1.4, label=name)
    if guides:
        axes.legend(frameon=False, fontsize=8)
    axes.set_xlabel(label)
    axes.margins(x=0.15)
    return _saved(figure, path)


def _new_figure(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _saved(figure: Figure, path: Path) -> str:
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return path.name
