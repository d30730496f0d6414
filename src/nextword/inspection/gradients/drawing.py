"""Pictures of gradients through time. Importing this module loads matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from nextword.inspection.drawing import COLORS, GUIDE_COLOR, MARKERS, new_figure, save_figure
from nextword.inspection.gradients.curves import LagCurve
from nextword.inspection.gradients.flow import GradientFlow
from nextword.inspection.gradients.itemized import ItemizedWindow
from nextword.inspection.gradients.saturation import NUM_BINS, GateSaturation

#: Norms below this share of the largest one are not told apart in a heat map.
_SMALLEST_SHARE = 1e-6
_SMALLEST_RELATIVE = 1e-12


def draw_gradient_flow(flows: Mapping[str, GradientFlow], path: Path) -> Path:
    """Plot the gradient norm by lag, relative to that at lag 0, one line per model and layer.

    Args:
        flows: Measured models by name.
        path: The PNG file to write.
    """
    figure = new_figure()
    axes = figure.subplots()
    number = 0
    for name, flow in flows.items():
        for curve in flow.main_curves:
            where = f", layer {curve.layer}" if len(flow.main_curves) > 1 else ""
            what = " (input embeddings)" if curve.layer == 0 else ""
            _plot_curve(axes, curve, label=f"{name}{where}{what}", number=number)
            number += 1
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(axes.get_ylim()[0], _SMALLEST_RELATIVE))
    axes.axhline(1.0, color=GUIDE_COLOR, linewidth=0.8, linestyle=":")
    axes.set_xlabel("lag k: steps back from the loss")
    axes.set_ylabel("norm of dL[t]/ds[t-k], relative to k = 0")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=9)
    return save_figure(figure, path)


def _plot_curve(axes: Axes, curve: LagCurve, *, label: str, number: int) -> None:
    if curve.means[0] <= 0.0:
        return
    color = COLORS[number % len(COLORS)]
    if curve.factor is not None:
        label += f": x {curve.factor:.3g} per step"
    lags = np.arange(len(curve.means))
    scale = 1.0 / curve.means[0]
    axes.plot(
        lags,
        np.array(curve.means) * scale,
        color=color,
        marker=MARKERS[number % len(MARKERS)],
        markersize=3.5,
        linewidth=1.5,
        label=label,
    )
    low, high = np.array(curve.low) * scale, np.array(curve.high) * scale
    axes.fill_between(lags, np.maximum(low, 1e-300), high, color=color, alpha=0.12, linewidth=0)


def draw_itemized(window: ItemizedWindow, path: Path) -> Path:
    """Draw heat maps of the itemized gradients: losses are rows, steps are columns.

    Args:
        window: The itemized gradients.
        path: The PNG file to write.
    """
    panels = [
        (f"layer {layer.layer}: {what}" if layer.layer else "input embeddings", matrix)
        for layer in window.layers
        for what, matrix in (("state", layer.states), ("parameters", layer.parameters))
        if matrix
    ]
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(width=4.6 * columns + 0.6, height=4.3 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for (title, matrix), axes in zip(panels, grid.flat, strict=False):
        values = np.array(matrix)
        largest = float(values.max()) or 1.0
        shown = np.ma.masked_less_equal(values, 0.0)
        image = axes.imshow(
            shown,
            norm=LogNorm(largest * _SMALLEST_SHARE, largest),
            cmap="viridis",
            interpolation="nearest",
        )
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step j (state, or use of the parameters)", fontsize=9)
        axes.set_ylabel("loss t", fontsize=9)
        figure.colorbar(image, ax=axes, shrink=0.8, label="gradient norm")
    return save_figure(figure, path)


def draw_saturation(gates: Sequence[GateSaturation], path: Path) -> Path:
    """Plot the histogram of each gate's activations, with the saturated shares.

    Args:
        gates: At least one gate.
        path: The PNG file to write.
    """
    layers = sorted({gate.layer for gate in gates})
    columns = max(sum(gate.layer == layer for gate in gates) for layer in layers)
    figure = new_figure(width=2.6 * columns + 0.5, height=2.2 * len(layers) + 0.3)
    grid = figure.subplots(len(layers), columns, squeeze=False, sharey=True)
    for axes in grid.flat:
        axes.set_visible(False)
    for row, layer in enumerate(layers):
        of_layer = [gate for gate in gates if gate.layer == layer]
        for axes, gate in zip(grid[row], of_layer, strict=False):
            axes.set_visible(True)
            _draw_gate(axes, gate)
        grid[row][0].set_ylabel("share of activations", fontsize=8)
    return save_figure(figure, path)


def _draw_gate(axes: Axes, gate: GateSaturation) -> None:
    lowest = -1.0 if gate.limits[0] < 0.0 else 0.0
    width = (1.0 - lowest) / NUM_BINS
    middles = lowest + (np.arange(NUM_BINS) + 0.5) * width
    is_saturated = (middles < gate.limits[0]) | (middles > gate.limits[1])
    colors = np.where(is_saturated, COLORS[0], COLORS[1])
    axes.bar(middles, gate.histogram, width=0.9 * width, color=list(colors))
    axes.set_title(f"layer {gate.layer} {gate.gate.replace('_', ' ')}", fontsize=9)
    axes.set_xlabel(
        f"{gate.share_low:.0%} below {gate.limits[0]:g}, {gate.share_high:.0%} above "
        f"{gate.limits[1]:g}",
        fontsize=8,
    )
    axes.tick_params(labelsize=7)
