"""Plots of results: bars of relative times, and growth curves. Reads the JSON values."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from nextword.base import Values, atomic_writer
from nextword.benchmarking.table import AXES, milliseconds

SPEED_FILE = "speed.png"
GROWTH_FILE = "growth.png"
_OUR_COLOR = "#d9480f"
_PEER_COLORS = ("#9aa5b1", "#5c7cfa", "#495057", "#2b8a3e")
_GUIDE_COLOR = "#ced4da"
_DOTS_PER_INCH = 130
_BAR_INCHES = 0.24


def draw_results(results: Sequence[Values], folder: Path) -> list[Path]:
    """Plot the results, and return the paths of the written files.

    Args:
        results: Results of cases, as JSON values.
        folder: Existing folder for `speed.png` and `growth.png`. Each is written only if there are
            results for it.
    """
    compared = [result for result in results if result["kind"] != "growth"]
    growing = [result for result in results if result["kind"] == "growth"]
    files = []
    if compared:
        files.append(folder / SPEED_FILE)
        _save(_speed_figure(compared), files[-1])
    if growing:
        files.append(folder / GROWTH_FILE)
        _save(_growth_figure(growing), files[-1])
    return files


def _save(figure: Figure, path: Path) -> None:
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)


def _speed_figure(results: Sequence[Values]) -> Figure:
    """Plot one bar for each row: its time relative to the first row of the case."""
    num_bars = sum(len(result["rows"]) + 1 for result in results)
    figure = Figure(figsize=(8.5, 1.2 + _BAR_INCHES * num_bars), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    place, places, labels = 0, [], []
    for result in results:
        axes.text(0.0, place, result["case"], weight="bold", va="center", fontsize=8)
        place += 1
        for number, row in enumerate(result["rows"]):
            color = _OUR_COLOR if number == 0 else _PEER_COLORS[(number - 1) % len(_PEER_COLORS)]
            _bar(axes, row, place, color=color)
            places.append(place)
            labels.append(row["name"])
            place += 1
    axes.set_yticks(places, labels, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("time of a step, relative to the first row")
    axes.axvline(1.0, color=_GUIDE_COLOR, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.18)
    return figure


def _bar(axes: Axes, row: Values, place: int, *, color: str) -> None:
    ratio = row["ratio"] or {"median": 1.0, "low": 1.0, "high": 1.0}
    middle = ratio["median"]
    errors = [[middle - ratio["low"]], [ratio["high"] - middle]]
    axes.barh(place, middle, height=0.8, color=color, xerr=errors, error_kw={"linewidth": 1})
    words = f"  {milliseconds(row)} ms"
    if row["ratio"] is not None:
        words += f", {middle:.2f} times"
    axes.text(ratio["high"], place, words, va="center", fontsize=8)


def _growth_figure(results: Sequence[Values]) -> Figure:
    """Plot one panel for each case, with logarithmic axes: a power law is a straight line."""
    columns = min(2, len(results))
    num_rows = -(-len(results) // columns)
    figure = Figure(figsize=(4.5 * columns, 3.4 * num_rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(num_rows, columns, squeeze=False).flatten()
    for axes, result in zip(panels, results, strict=False):
        _growth_panel(axes, result)
    for axes in panels[len(results) :]:
        axes.set_visible(False)
    panels[0].legend(frameon=False, fontsize=8)
    return figure


def _growth_panel(axes: Axes, result: Values) -> None:
    names = list(dict.fromkeys(row["name"] for row in result["rows"]))
    for name, color in zip(names, (_OUR_COLOR, *_PEER_COLORS), strict=False):
        rows = [row for row in result["rows"] if row["name"] == name]
        sizes = [row["at"] for row in rows]
        times = [1000 * row["seconds"]["median"] for row in rows]
        axes.plot(sizes, times, "o-", color=color, markersize=4, linewidth=1.4, label=name)
        # The line of times proportional to the size, through the largest size.
        line = [times[-1] * size / sizes[-1] for size in sizes]
        axes.plot(sizes, line, "--", color=color, linewidth=0.8, alpha=0.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(AXES[result["axis"]])
    axes.set_ylabel("ms per training step")
    axes.set_title(result["case"], fontsize=9)
    axes.grid(alpha=0.25, which="both")
