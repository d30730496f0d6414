"""Instruments: what a trained model does inside, measured and drawn."""

from nextword.inspection.gradients import (
    DEFAULT_LAGS,
    DEFAULT_POSITIONS,
    GateSaturation,
    GradientFlow,
    GradientResult,
    ItemizedWindow,
    LagCurve,
    gate_saturation,
    gradient_flow,
    inspect_gradients,
    itemized_gradients,
    write_gradients,
)
from nextword.inspection.passage import DEFAULT_CHARACTERS, Passage, read_passage
from nextword.inspection.predictions import NextWords, next_words_along
from nextword.inspection.report import Section, write_inspection

__all__ = [
    "DEFAULT_CHARACTERS",
    "DEFAULT_LAGS",
    "DEFAULT_POSITIONS",
    "GateSaturation",
    "GradientFlow",
    "GradientResult",
    "ItemizedWindow",
    "LagCurve",
    "NextWords",
    "Passage",
    "Section",
    "gate_saturation",
    "gradient_flow",
    "inspect_gradients",
    "itemized_gradients",
    "next_words_along",
    "read_passage",
    "write_gradients",
    "write_inspection",
]
