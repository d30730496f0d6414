"""Gradients through time: by lag, itemized by step, and how saturated the gates are."""

from nextword.inspection.gradients.curves import LagCurve, fitted_factor, lag_curve
from nextword.inspection.gradients.flow import (
    DEFAULT_LAGS,
    DEFAULT_POSITIONS,
    GradientFlow,
    gradient_flow,
    row_norms,
)

__all__ = [
    "DEFAULT_LAGS",
    "DEFAULT_POSITIONS",
    "GradientFlow",
    "LagCurve",
    "fitted_factor",
    "gradient_flow",
    "lag_curve",
    "row_norms",
]
