"""Pictures of the memory of models. Importing this module loads matplotlib."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from nextword.inspection.drawing import COLORS, MARKERS, new_figure, save_figure, style_axes
from nextword.inspection.memory.comparison import MemoryResult
from nextword.inspection.memory.recall import RecallGroup

#: Smaller effects are not told apart in the picture.
_SMALLEST_EFFECT = 1e-9


def draw_influence(result: MemoryResult, path: Path) -> Path:
    """Plot the effect of a changed token on the prediction by distance, on logarithmic axes.

    Args:
        result: The measurements.
        path: The PNG file to write.
    """
    figure = new_figure()
    axes = figure.subplots()
    for number, each in enumerate(result.models):
        means = np.array(each.influence.means)
        errors = np.array(each.influence.standard_errors)
        num_shown = int(np.flatnonzero(means > _SMALLEST_EFFECT).max(initial=-1)) + 1
        is_shown = np.arange(len(means)) < num_shown
        places = np.array(each.influence.distances)[is_shown]
        color = COLORS[number % len(COLORS)]
        label = each.model
        if each.influence.half_life is not None:
            label += f": half-life {each.influence.half_life:.1f}"
        if not is_shown.all():
            label += f", below {_SMALLEST_EFFECT:g} from {each.influence.distances[num_shown]}"
        axes.plot(
            places,
            means[is_shown],
            color=color,
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            linewidth=1.5,
            label=label,
        )
        low = np.maximum(means - errors, means / 10)[is_shown]
        axes.fill_between(places, low, (means + errors)[is_shown], color=color, alpha=0.15, lw=0)
    axes.set_yscale("log")
    _logarithmic_distance(axes)
    style_axes(axes, x="distance of the changed token, in tokens", y="KL(p || p'), nats")
    axes.legend(frameon=False, fontsize=9)
    return save_figure(figure, path)


def draw_contexts(result: MemoryResult, path: Path) -> Path:
    """Plot the loss by the number of tokens that the model sees.

    Args:
        result: The measurements; the vertical axis is bits per byte if they are compared per byte,
            and perplexity per token otherwise.
        path: The PNG file to write.
    """
    figure = new_figure()
    axes = figure.subplots()
    for number, each in enumerate(result.models):
        curve = each.context
        values = np.array(curve.bits_per_byte if result.per_byte else curve.perplexities)
        errors = np.array(curve.standard_errors)
        spread = (values - errors, values + errors)
        if not result.per_byte:
            spread = (values * np.exp(-errors), values * np.exp(errors))
        scale = curve.mean_bytes if result.per_byte and curve.mean_bytes else 1.0
        places = np.array(curve.lengths) * scale
        color = COLORS[number % len(COLORS)]
        axes.plot(
            places,
            values,
            color=color,
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            linewidth=1.5,
            label=f"{each.model}: {values[-1]:.4g}",
        )
        axes.fill_between(places, *spread, color=color, alpha=0.12, linewidth=0)
    if not result.per_byte:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    _logarithmic_distance(axes)
    unit = "bytes, on average" if result.per_byte else "tokens"
    style_axes(
        axes,
        x=f"context that the model sees, in {unit}",
        y="bits per byte" if result.per_byte else "perplexity per token",
    )
    axes.legend(frameon=False, fontsize=9)
    return save_figure(figure, path)


def draw_completion(result: MemoryResult, path: Path) -> Path:
    """Plot the accuracy of completing a word by the number of characters typed.

    Args:
        result: The measurements; models without them are left out.
        path: The PNG file to write.
    """
    figure = new_figure(height=3.8)
    axes = figure.subplots()
    for number, each in enumerate(result.models):
        if each.completion is None:
            continue
        accuracies = np.array(each.completion.accuracies)
        errors = np.sqrt(accuracies * (1 - accuracies) / np.array(each.completion.num_words))
        axes.errorbar(
            each.completion.typed,
            accuracies,
            yerr=errors,
            color=COLORS[number % len(COLORS)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            linewidth=1.5,
            capsize=2,
            label=each.model,
        )
    axes.set_ylim(0, 1)
    style_axes(axes, x="characters typed", y="words completed exactly")
    axes.legend(frameon=False, fontsize=9)
    return save_figure(figure, path)


def draw_recall(result: MemoryResult, path: Path) -> Path:
    """Plot accuracy and mean reciprocal rank of the recall items by distance.

    Args:
        result: The measurements; models without them are left out.
        path: The PNG file to write.
    """
    figure = new_figure(width=9.0, height=3.8)
    grid = figure.subplots(1, 2, sharey=True)
    for number, each in enumerate(result.models):
        groups = [] if each.recall is None else [g for g in each.recall.groups if g.first]
        if not groups:
            continue
        for axes, values in (
            (grid[0], [group.accuracy for group in groups]),
            (grid[1], [group.mean_reciprocal_rank for group in groups]),
        ):
            axes.plot(
                [_place(group) for group in groups],
                values,
                color=COLORS[number % len(COLORS)],
                marker=MARKERS[number % len(MARKERS)],
                markersize=5,
                linewidth=1.5,
                label=each.model,
            )
    for axes, name in zip(grid, ("accuracy", "mean reciprocal rank"), strict=True):
        axes.set_ylim(-0.02, 1.02)
        style_axes(axes, x="distance of the word, in tokens", y=name)
    grid[0].legend(frameon=False, fontsize=9)
    return save_figure(figure, path)


def _place(group: RecallGroup) -> float:
    return ((group.first or 0) + (group.last or 0)) / 2


def _logarithmic_distance(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
