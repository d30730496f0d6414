"""Pictures of a comparison: the figure over training time, size and context."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from nextword.comparison.rows import Figure, Part, Row, SeedResult, mean_of
from nextword.comparison.table import FIGURE_TITLES, ranked
from nextword.inspection.drawing import COLORS, MARKERS, new_figure, save_figure, style_axes

TIME_FILE, SIZE_FILE, CONTEXT_FILE = "time.png", "size.png", "context.png"
_PART_TITLES = {"test": "test", "validation": "validation"}
_FEWEST_MINUTES = 0.01
_PLACE_OF_NONE = 0.5
#: Ratio of the largest to the smallest figure from which the axis is logarithmic.
_LOGARITHMIC_FROM = 3.0


def draw_comparison(
    rows: Sequence[Row], folder: Path, *, measured: Part, figure: Figure
) -> list[Path]:
    """Draw the pictures that the rows have figures for, and return their files.

    Args:
        rows: The rows.
        folder: An existing folder.
        measured: The text on which rows are compared.
        figure: The figure by which rows are compared.
    """
    known = [row for row in ranked(rows, measured=measured, figure=figure) if row.results]
    known = [row for row in known if row.mean(measured, figure) is not None]
    if not known:
        return []
    title = f"{FIGURE_TITLES[figure]}, {_PART_TITLES[measured]} text"
    files = []
    for name, label, value in (
        (TIME_FILE, "minutes of training", _minutes),
        (SIZE_FILE, "parameters", lambda each: float(each.num_parameters)),
    ):
        points = [(number, row, mean_of(row.values(value))) for number, row in enumerate(known)]
        placed = [(n, row, place) for n, row, place in points if place is not None and place > 0]
        if placed:
            files.append(
                _scatter(placed, folder / name, x=label, y=title, measured=measured, figure=figure)
            )
    files.append(
        _by_context(known, folder / CONTEXT_FILE, y=title, measured=measured, figure=figure)
    )
    return files


def _minutes(result: SeedResult) -> float | None:
    seconds = result.train_seconds
    return None if seconds is None else max(seconds / 60, _FEWEST_MINUTES)


def _scatter(
    points: Sequence[tuple[int, Row, float]],
    path: Path,
    *,
    x: str,
    y: str,
    measured: Part,
    figure: Figure,
) -> Path:
    drawing = new_figure(width=8.5, height=5.0)
    axes = drawing.subplots()
    for number, row, place in points:
        _point(axes, row, place, number=number, measured=measured, figure=figure)
        if path.name == TIME_FILE and figure == "perplexity":
            _curve(axes, row, number=number)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    _finish(axes, x=x, y=y, figure=figure)
    if path.name == TIME_FILE and figure == "perplexity":
        axes.set_title("lines: validation during training", fontsize=9)
    return save_figure(drawing, path)


def _by_context(rows: Sequence[Row], path: Path, *, y: str, measured: Part, figure: Figure) -> Path:
    """Draw the rows over the number of tokens that they see; unlimited ones on the right."""
    drawing = new_figure(width=8.5, height=5.0)
    axes = drawing.subplots()
    sizes = (row.first.context_size for row in rows)
    limited = sorted({size for size in sizes if size is not None})
    # A logarithmic axis has no 0, the context of a unigram model.
    places: dict[int | None, float] = {size: max(size, _PLACE_OF_NONE) for size in limited}
    places[None] = 4.0 * max([1, *limited])
    for number, row in enumerate(rows):
        place = places[row.first.context_size]
        _point(axes, row, place, number=number, measured=measured, figure=figure)
    axes.set_xscale("log")
    axes.set_xticks(list(places.values()), [*(f"{size:,}" for size in limited), "all"])
    axes.xaxis.set_minor_locator(NullLocator())
    _finish(axes, x="tokens that a prediction or a layer depends on", y=y, figure=figure)
    return save_figure(drawing, path)


def _point(
    axes: Axes, row: Row, place: float, *, number: int, measured: Part, figure: Figure
) -> None:
    value = row.mean(measured, figure)
    assert value is not None
    spread = row.spread(measured, figure)
    axes.errorbar(
        [place],
        [value],
        yerr=None if spread is None else [spread],
        marker=MARKERS[(number + number // len(COLORS)) % len(MARKERS)],
        color=COLORS[number % len(COLORS)],
        markersize=7,
        linestyle="none",
        capsize=3,
        label=f"{row.name} {value:.4g}",
    )


def _curve(axes: Axes, row: Row, *, number: int) -> None:
    curve = [(minutes, figure) for minutes, figure in row.first.curve if minutes > 0]
    if len(curve) > 1:
        axes.plot(
            [minutes for minutes, _ in curve],
            [figure for _, figure in curve],
            color=COLORS[number % len(COLORS)],
            linewidth=1.0,
            alpha=0.6,
        )


def _finish(axes: Axes, *, x: str, y: str, figure: Figure) -> None:
    style_axes(axes, x=x, y=y)
    low, high = axes.get_ylim()
    if figure != "bits_per_byte" and high > _LOGARITHMIC_FROM * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.12)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _plain(value: float, _: Callable[..., object] | int | None = None) -> str:
    """Return a number without an exponent, with M for millions.

    Example:
        >>> _plain(0.01), _plain(150.0), _plain(2e6)
        ('0.01', '150', '2 M')
    """
    if value >= 1e6 and math.isfinite(value):
        return f"{value / 1e6:g} M"
    return f"{value:,.10g}"
