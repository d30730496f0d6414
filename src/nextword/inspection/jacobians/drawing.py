"""Pictures of Jacobians. Importing this module loads matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nextword.inspection.drawing import (
    COLORS,
    GUIDE_COLOR,
    MARKERS,
    new_figure,
    save_figure,
    style_axes,
)
from nextword.inspection.jacobians.measures import LayerSpectrum

_SMALLEST = 1e-12


def draw_spectra(layers: Sequence[LayerSpectrum], path: Path) -> Path:
    """Plot the singular values of the steps, and those of products of k steps.

    Args:
        layers: The measures of at least one layer.
        path: The PNG file to write.
    """
    figure = new_figure(width=10.0, height=4.2)
    left, right = figure.subplots(1, 2)
    for number, layer in enumerate(layers):
        _draw_steps(left, layer, color=COLORS[number % len(COLORS)])
        _draw_products(right, layer, number=number)
    for axes in (left, right):
        axes.axhline(1.0, color=GUIDE_COLOR, linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], _SMALLEST))
        axes.legend(frameon=False, fontsize=8)
    style_axes(left, x="share of the singular values", y="singular value", title="one step")
    style_axes(
        right,
        x="number of steps k",
        y="largest and median singular value",
        title="product of k steps",
    )
    return save_figure(figure, path)


def _draw_steps(axes: Axes, layer: LayerSpectrum, *, color: str) -> None:
    values = np.array(layer.singular_values)
    axes.plot(
        np.linspace(0.0, 1.0, len(values)),
        np.maximum(values, _SMALLEST),
        color=color,
        label=f"layer {layer.layer}",
    )
    if layer.bound is not None:
        label = f"layer {layer.layer}: bound {layer.bound:.3g}"
        axes.axhline(layer.bound, color=color, linestyle="--", linewidth=1.0, label=label)


def _draw_products(axes: Axes, layer: LayerSpectrum, *, number: int) -> None:
    color = COLORS[number % len(COLORS)]
    lags = np.array([spread.lag for spread in layer.products])
    style: dict[str, Any] = {
        "color": color,
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 4,
    }
    largest = np.array([spread.largest for spread in layer.products])
    median = np.array([spread.median for spread in layer.products])
    axes.plot(lags, largest, label=f"layer {layer.layer}: largest", **style)
    axes.plot(
        lags,
        np.maximum(median, _SMALLEST / 10),
        label=f"layer {layer.layer}: median",
        linestyle=":",
        **style,
    )
    if np.isfinite(layer.largest_exponent):
        axes.plot(
            lags,
            np.exp(layer.largest_exponent * lags),
            color=color,
            linewidth=0.9,
            linestyle="--",
            label=f"layer {layer.layer}: exp({layer.largest_exponent:.3f} k)",
        )
