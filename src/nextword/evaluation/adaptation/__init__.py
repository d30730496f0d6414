"""Models that adapt to the text they score: the continuous cache and dynamic evaluation."""

from nextword.evaluation.adaptation.dynamic import DynamicConfig, DynamicScorer
from nextword.evaluation.adaptation.leak import target_leak
from nextword.evaluation.adaptation.rows import evaluate_dynamic, evaluate_with_cache
from nextword.evaluation.adaptation.tuning import (
    TunedCache,
    TunedDynamic,
    no_gain_note,
    tune_cache,
    tune_dynamic,
)

__all__ = [
    "DynamicConfig",
    "DynamicScorer",
    "TunedCache",
    "TunedDynamic",
    "evaluate_dynamic",
    "evaluate_with_cache",
    "no_gain_note",
    "target_leak",
    "tune_cache",
    "tune_dynamic",
]
