"""Pictures of units. Importing this module loads matplotlib."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from nextword.inspection.cells.search import CellSearch
from nextword.inspection.drawing import COLORS, GUIDE_COLOR, new_figure, save_figure

#: From blue over white to orange, as the text in the report.
_COLOR_MAP = LinearSegmentedColormap.from_list("units", ["#2266dd", "#ffffff", "#e8590c"])
_NUM_COLUMNS = 88
_TAB_WIDTH = 4
_COLUMN_INCHES, _LINE_INCHES = 0.078, 0.18


def unit_colors(values: Float[np.ndarray, " tokens"]) -> Float[np.ndarray, " tokens"]:
    """Return the values of a unit scaled to the range from -1 to 1, for colors.

    The middle of the range of its values is 0. Values beyond the 1st and the 99th percentile have
    the full color.

    Args:
        values: The values of one unit, (tokens).

    Example:
        >>> import numpy as np
        >>> unit_colors(np.array([2.0, 3.0, 4.0])).round(2).tolist()
        [-1.0, 0.0, 1.0]
    """
    low, high = np.percentile(values, [1.0, 99.0])
    if high <= low:
        return np.zeros(len(values))
    scaled: np.ndarray = np.clip((values - (low + high) / 2) / ((high - low) / 2), -1.0, 1.0)
    return scaled


def draw_units(
    path: Path,
    *,
    texts: Sequence[str],
    panels: Sequence[tuple[str, Float[np.ndarray, " tokens"]]],
) -> Path:
    """Draw a text once for each unit, with the color of a token that of the unit's value.

    Args:
        path: The PNG file to write.
        texts: Text of each token, (tokens).
        panels: Title and colors of each panel; the colors are from -1 to 1, (tokens).
    """
    places = _layout(texts)
    num_lines = 1 + max((line for _, line, _ in places), default=0)
    height = (num_lines + 1.6) * _LINE_INCHES
    figure = new_figure(width=_NUM_COLUMNS * _COLUMN_INCHES + 0.3, height=height * len(panels))
    grid = figure.subplots(len(panels), 1, squeeze=False)
    for axes, (title, colors) in zip(grid.flat, panels, strict=True):
        _draw_text(axes, places, colors=colors, num_lines=num_lines)
        axes.set_title(title, fontsize=9, loc="left")
    return save_figure(figure, path)


def draw_search(search: CellSearch, path: Path) -> Path:
    """Draw the score of the best unit of each property beside those of the controls.

    Args:
        search: The result of the search.
        path: The PNG file to write.
    """
    names = [_named(each.name, each.kind) for each in search.properties]
    series = (
        ("best unit", [each.best.score for each in search.properties], COLORS[0], "o"),
        (
            "predictor from the last 8 characters",
            [each.last_characters for each in search.properties],
            COLORS[1],
            "s",
        ),
        (
            "best unit of an untrained network",
            [np.nan if each.untrained is None else each.untrained for each in search.properties],
            COLORS[2],
            "^",
        ),
        ("random unit", [each.random_unit for each in search.properties], GUIDE_COLOR, "x"),
    )
    figure = new_figure(height=1.4 + 0.38 * len(names))
    axes = figure.subplots()
    rows = np.arange(len(names))[::-1]
    for label, scores, color, marker in series:
        axes.plot(scores, rows, marker, color=color, label=label, markersize=7, linestyle="")
    axes.set_yticks(rows, names)
    axes.set_xlim(0.0, 1.02)
    axes.set_xlabel("score on the second half of the text: AUC, or |correlation| for numbers")
    axes.grid(alpha=0.25)
    figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=2)
    return save_figure(figure, path)


def _named(name: str, kind: str) -> str:
    return f"{name.replace('_', ' ')} ({'AUC' if kind == 'binary' else '|r|'})"


def _draw_text(
    axes: Axes,
    places: Sequence[tuple[str, int, int]],
    *,
    colors: Float[np.ndarray, " tokens"],
    num_lines: int,
) -> None:
    column = 0
    axes.set_xlim(0, _NUM_COLUMNS)
    axes.set_ylim(num_lines, 0)
    axes.axis("off")
    for (text, line, column), value in zip(places, colors, strict=True):
        shown = text.rstrip("\n") or " "
        axes.add_patch(
            Rectangle(
                (column, line),
                len(shown),
                1.0,
                facecolor=_COLOR_MAP(0.5 + 0.5 * float(value)),
                linewidth=0,
            )
        )
        axes.text(
            column + len(shown) / 2,
            line + 0.5,
            shown.replace("$", r"\$"),
            family="DejaVu Sans Mono",
            fontsize=7.2,
            ha="center",
            va="center",
        )


def _layout(texts: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the shown text, the line and the column of each token."""
    places = []
    line = column = 0
    for text in texts:
        shown = text.replace("\t", " " * _TAB_WIDTH)
        if column and column + len(shown.rstrip("\n")) > _NUM_COLUMNS:
            line, column = line + 1, 0
        places.append((shown, line, column))
        column += len(shown)
        if "\n" in shown:
            line, column = line + 1, 0
    return places
