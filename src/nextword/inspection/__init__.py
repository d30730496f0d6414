"""Instruments: what a trained model does inside, measured and drawn."""

from nextword.inspection.gradients import (
    DEFAULT_LAGS,
    DEFAULT_POSITIONS,
    GradientFlow,
    LagCurve,
    gradient_flow,
)
from nextword.inspection.passage import DEFAULT_CHARACTERS, Passage, read_passage

__all__ = [
    "DEFAULT_CHARACTERS",
    "DEFAULT_LAGS",
    "DEFAULT_POSITIONS",
    "GradientFlow",
    "LagCurve",
    "Passage",
    "gradient_flow",
    "read_passage",
]
