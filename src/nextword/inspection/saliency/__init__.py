"""Saliency: which earlier tokens a prediction rests on."""

from nextword.inspection.saliency.attribution import (
    BASELINES,
    METHODS,
    Attributions,
    Baseline,
    Method,
    attributions,
    baseline_vector,
    known_baseline,
)
from nextword.inspection.saliency.report import (
    MethodResult,
    SaliencyResult,
    inspect_saliency,
    notes_of,
    table_header,
    table_rows,
    write_saliency,
)

__all__ = [
    "BASELINES",
    "METHODS",
    "Attributions",
    "Baseline",
    "Method",
    "MethodResult",
    "SaliencyResult",
    "attributions",
    "baseline_vector",
    "inspect_saliency",
    "known_baseline",
    "notes_of",
    "table_header",
    "table_rows",
    "write_saliency",
]
