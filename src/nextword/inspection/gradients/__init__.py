"""Gradients through time: by lag, itemized by step, and how saturated the gates are."""

from nextword.inspection.gradients.along import GradientsAlong, gradients_along
from nextword.inspection.gradients.curves import LagCurve, fitted_factor, lag_curve
from nextword.inspection.gradients.flow import (
    DEFAULT_LAGS,
    DEFAULT_POSITIONS,
    GradientFlow,
    gradient_flow,
    row_norms,
)
from nextword.inspection.gradients.itemized import (
    DEFAULT_WINDOW,
    ItemizedGradients,
    ItemizedWindow,
    itemized_gradients,
    step_contributions,
    trace_window,
)
from nextword.inspection.gradients.probe import GradientProbe
from nextword.inspection.gradients.report import (
    GradientResult,
    gradient_text_figure,
    inspect_gradients,
    table_header,
    table_rows,
    write_gradients,
)
from nextword.inspection.gradients.saturation import GateSaturation, gate_saturation

__all__ = [
    "DEFAULT_LAGS",
    "DEFAULT_POSITIONS",
    "DEFAULT_WINDOW",
    "GateSaturation",
    "GradientFlow",
    "GradientProbe",
    "GradientResult",
    "GradientsAlong",
    "ItemizedGradients",
    "ItemizedWindow",
    "LagCurve",
    "fitted_factor",
    "gate_saturation",
    "gradient_flow",
    "gradient_text_figure",
    "gradients_along",
    "inspect_gradients",
    "itemized_gradients",
    "lag_curve",
    "row_norms",
    "step_contributions",
    "table_header",
    "table_rows",
    "trace_window",
    "write_gradients",
]
