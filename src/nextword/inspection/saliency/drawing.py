"""The picture of saliency by distance. Importing this module loads matplotlib."""

from pathlib import Path

import numpy as np

from nextword.inspection.drawing import COLORS, MARKERS, new_figure, save_figure, style_axes
from nextword.inspection.saliency.report import SaliencyResult

_SMALLEST = 1e-12


def draw_saliency(result: SaliencyResult, path: Path) -> Path:
    """Plot the mean absolute attribution by distance, one line per method.

    Args:
        result: The attributions.
        path: The PNG file to write.
    """
    figure = new_figure()
    axes = figure.subplots()
    distances = np.arange(1, result.num_lags + 2)
    for number, method in enumerate(result.methods):
        axes.plot(
            distances,
            np.maximum(method.mean_absolute, _SMALLEST),
            color=COLORS[number],
            marker=MARKERS[number],
            markersize=3.5,
            label=method.label,
        )
    axes.set_yscale("log")
    axes.legend(frameon=False)
    style_axes(
        axes,
        x="distance: tokens before the prediction",
        y="mean absolute attribution, nats",
    )
    return save_figure(figure, path)
