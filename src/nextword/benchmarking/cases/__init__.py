"""The benchmark cases, by name."""

from nextword.benchmarking.cases.contract import Case
from nextword.benchmarking.cases.generate import GenerateCase
from nextword.benchmarking.cases.growth import GrowthCase
from nextword.benchmarking.cases.layers import LayersCase
from nextword.benchmarking.cases.ngram_estimate import NgramEstimateCase
from nextword.benchmarking.cases.ngram_score import NgramScoreCase
from nextword.benchmarking.cases.outputs import OutputsCase, OutputSizes
from nextword.benchmarking.cases.registry import CASES, DEFAULT_CASE, find_cases
from nextword.benchmarking.cases.steps import StepCase

__all__ = [
    "CASES",
    "DEFAULT_CASE",
    "Case",
    "GenerateCase",
    "GrowthCase",
    "LayersCase",
    "NgramEstimateCase",
    "NgramScoreCase",
    "OutputSizes",
    "OutputsCase",
    "StepCase",
    "find_cases",
]
