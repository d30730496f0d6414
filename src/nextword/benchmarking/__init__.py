"""Speed benchmarks: named cases that compare nextword with plain PyTorch, or n-grams with KenLM.

The command `nextword bench` runs them. No trained model is kept.
"""

from nextword.benchmarking.cases import (
    CASES,
    DEFAULT_CASE,
    Case,
    GenerateCase,
    GrowthCase,
    LayersCase,
    NgramEstimateCase,
    NgramScoreCase,
    OutputsCase,
    OutputSizes,
    StepCase,
    find_cases,
)
from nextword.benchmarking.generation import GenerateSizes
from nextword.benchmarking.measuring import Effort
from nextword.benchmarking.ngrams import NgramSizes
from nextword.benchmarking.plot import GROWTH_FILE, SPEED_FILE, draw_results
from nextword.benchmarking.results import CaseResult, FailedCase, Report, Row
from nextword.benchmarking.run import measure_case, measure_cases
from nextword.benchmarking.step import StepSizes
from nextword.benchmarking.table import Table, case_table, comparison_table, machine_line

__all__ = [
    "CASES",
    "DEFAULT_CASE",
    "GROWTH_FILE",
    "SPEED_FILE",
    "Case",
    "CaseResult",
    "Effort",
    "FailedCase",
    "GenerateCase",
    "GenerateSizes",
    "GrowthCase",
    "LayersCase",
    "NgramEstimateCase",
    "NgramScoreCase",
    "NgramSizes",
    "OutputSizes",
    "OutputsCase",
    "Report",
    "Row",
    "StepCase",
    "StepSizes",
    "Table",
    "case_table",
    "comparison_table",
    "draw_results",
    "find_cases",
    "machine_line",
    "measure_case",
    "measure_cases",
]
