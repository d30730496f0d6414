"""The picture of gradients over a training. Importing this module loads matplotlib."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from nextword.base import Values
from nextword.inspection.drawing import COLORS, GUIDE_COLOR, new_figure, save_figure, style_axes

#: A good threshold for clipping is within these multiples of the mean norm.
BAND = (0.5, 10.0)
_BINS_PER_DECADE = 10
_NUM_PARAMETERS = 6
_NUM_CURVES = 5
_SMALLEST_RELATIVE = 1e-12


def draw_gradient_records(records: Sequence[Values], path: Path) -> Path:
    """Plot norms, their histogram, norms per parameter and gradients by lag over a training.

    Args:
        records: Lines of `metrics.jsonl` that have `gradients`, at least one.
        path: The PNG file to write.
    """
    steps = [int(record["step"]) for record in records]
    values = [record["gradients"] for record in records]
    figure = new_figure(width=10.0, height=7.0)
    grid = figure.subplots(2, 2)
    _draw_norms(grid[0][0], steps, values)
    _draw_histogram(grid[0][1], values)
    _draw_parameters(grid[1][0], steps, values)
    _draw_lags(grid[1][1], steps, values)
    return save_figure(figure, path)


def _draw_norms(axes: Axes, steps: Sequence[int], values: Sequence[Values]) -> None:
    means = np.array([each["norm_mean"] for each in values])
    lows = np.array([each["norm_min"] for each in values])
    highs = np.array([each["norm_max"] for each in values])
    marker = "o" if len(steps) < 3 else ""
    axes.plot(steps, means, color=COLORS[0], marker=marker, label="mean norm")
    axes.fill_between(steps, np.maximum(lows, 1e-300), highs, color=COLORS[0], alpha=0.15)
    thresholds = [each["threshold"] for each in values]
    if all(threshold is not None for threshold in thresholds):
        axes.plot(steps, thresholds, color=GUIDE_COLOR, linestyle="--", label="threshold")
    axes.set_yscale("log")
    rates = axes.twinx()
    rates.plot(
        steps,
        [100.0 * each["clip_rate"] for each in values],
        color=COLORS[1],
        linestyle=":",
        marker=marker,
        label="clipped",
    )
    rates.set_ylim(0.0, 105.0)
    rates.set_ylabel("clipped updates, %", color=COLORS[1])
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    style_axes(axes, x="updates", y="gradient norm before clipping", title="norm")


def _draw_histogram(axes: Axes, values: Sequence[Values]) -> None:
    counts: Counter[int] = Counter()
    for each in values:
        counts.update({int(number): count for number, count in each["histogram"].items()})
    numbers = np.arange(min(counts, default=0), max(counts, default=0) + 1)
    edges = 10.0 ** (np.append(numbers, numbers[-1] + 1) / _BINS_PER_DECADE)
    axes.bar(
        edges[:-1],
        [counts[int(number)] for number in numbers],
        width=np.diff(edges),
        align="edge",
        color=COLORS[1],
        edgecolor="white",
        linewidth=0.4,
    )
    num_updates = sum(each["num_updates"] for each in values)
    mean = sum(each["norm_mean"] * each["num_updates"] for each in values) / num_updates
    axes.axvspan(
        BAND[0] * mean,
        BAND[1] * mean,
        color=COLORS[0],
        alpha=0.12,
        label=f"{BAND[0]:g} to {BAND[1]:g} times the mean",
    )
    axes.axvline(mean, color=COLORS[0], label=f"mean {mean:.3g}")
    median = _median_of_bins(counts)
    axes.axvline(median, color=COLORS[2], linestyle="--", label=f"median {median:.2g}")
    axes.set_xscale("log")
    axes.legend(frameon=False, fontsize=8)
    style_axes(axes, x="gradient norm before clipping", y="updates", title="histogram of norms")


def _median_of_bins(counts: Counter[int]) -> float:
    """Return the middle of the bin with the median; a few exploding gradients do not move it."""
    left = sum(counts.values()) / 2
    for number in sorted(counts):
        left -= counts[number]
        if left <= 0:
            return float(10.0 ** ((number + 0.5) / _BINS_PER_DECADE))
    return 0.0


def _draw_parameters(axes: Axes, steps: Sequence[int], values: Sequence[Values]) -> None:
    names = list(values[-1]["parameters"])
    names.sort(key=lambda name: -max(each["parameters"].get(name, 0.0) for each in values))
    for number, name in enumerate(names[:_NUM_PARAMETERS]):
        norms = [each["parameters"].get(name) or np.nan for each in values]
        color = COLORS[number % len(COLORS)]
        marker = "o" if len(steps) < 3 else ""
        axes.plot(steps, norms, color=color, marker=marker, label=name, linewidth=1.2)
    axes.set_yscale("log")
    axes.legend(fontsize=7, framealpha=0.8, edgecolor="none")
    style_axes(axes, x="updates", y="gradient norm", title="largest norms by parameter")


def _draw_lags(axes: Axes, steps: Sequence[int], values: Sequence[Values]) -> None:
    """Draw the gradient by lag of the highest layer at a few times, dark to light."""
    measured = [
        (step, each["lags"][-1]) for step, each in zip(steps, values, strict=True) if each["lags"]
    ]
    indices = np.unique(
        np.linspace(0, len(measured) - 1, min(_NUM_CURVES, len(measured)), dtype=int)
    )
    colors = colormaps["viridis"](np.linspace(0.0, 0.85, max(1, len(indices))))
    for color, index in zip(colors, indices, strict=True):
        step, curve = measured[index]
        means = np.array(curve["means"])
        factor = f", x {curve['factor']:.3g} per step" if curve["factor"] else ""
        shown = np.maximum(means / (means[0] or 1.0), _SMALLEST_RELATIVE)
        axes.plot(shown, color=color, label=f"update {step}{factor}")
    part = f"{measured[-1][1]['part'].replace('_', ' ')}" if measured else ""
    layer = f"layer {measured[-1][1]['layer']} " if measured and measured[-1][1]["layer"] else ""
    axes.set_yscale("log")
    if measured:
        axes.legend(fontsize=7, framealpha=0.8, edgecolor="none")
    style_axes(
        axes,
        x="lag k: steps back from the loss",
        y="norm relative to k = 0",
        title=f"gradient by lag: {layer}{part}",
    )
