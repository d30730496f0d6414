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
from nextword.inspection.jacobians import (
    JacobianResult,
    LayerSpectrum,
    inspect_jacobians,
    lyapunov_exponents,
    step_jacobian,
    step_jacobians,
    write_jacobians,
)
from nextword.inspection.passage import DEFAULT_CHARACTERS, Passage, read_passage
from nextword.inspection.predictions import NextWords, next_words_along
from nextword.inspection.report import Section, write_inspection
from nextword.inspection.saliency import (
    Attributions,
    SaliencyResult,
    attributions,
    inspect_saliency,
    write_saliency,
)

__all__ = [
    "DEFAULT_CHARACTERS",
    "DEFAULT_LAGS",
    "DEFAULT_POSITIONS",
    "Attributions",
    "GateSaturation",
    "GradientFlow",
    "GradientResult",
    "ItemizedWindow",
    "JacobianResult",
    "LagCurve",
    "LayerSpectrum",
    "NextWords",
    "Passage",
    "SaliencyResult",
    "Section",
    "attributions",
    "gate_saturation",
    "gradient_flow",
    "inspect_gradients",
    "inspect_jacobians",
    "inspect_saliency",
    "itemized_gradients",
    "lyapunov_exponents",
    "next_words_along",
    "read_passage",
    "step_jacobian",
    "step_jacobians",
    "write_gradients",
    "write_inspection",
    "write_jacobians",
    "write_saliency",
]
