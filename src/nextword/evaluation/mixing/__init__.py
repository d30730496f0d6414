"""The weights of a mixture, tuned on held-out text."""

from nextword.evaluation.mixing.em import LinearFit, fit_linear
from nextword.evaluation.mixing.newton import LogLinearFit, Statistics, fit_log_linear
from nextword.evaluation.mixing.tuning import TunedMixture, tune_mixture

__all__ = [
    "LinearFit",
    "LogLinearFit",
    "Statistics",
    "TunedMixture",
    "fit_linear",
    "fit_log_linear",
    "tune_mixture",
]
