"""The evaluation of a classifier: scores, explanations, and reports."""

from nextword.tasks.classification.evaluation.explanation import WordValues, explain
from nextword.tasks.classification.evaluation.report import (
    measure_classifier,
    write_evaluation_report,
)
from nextword.tasks.classification.evaluation.scores import (
    ClassificationScores,
    classified_rows,
    evaluate_classifier,
)

__all__ = [
    "ClassificationScores",
    "WordValues",
    "classified_rows",
    "evaluate_classifier",
    "explain",
    "measure_classifier",
    "write_evaluation_report",
]
