"""The evaluation of a tagger: scores, frequent errors, and reports."""

from nextword.tasks.tagging.evaluation.report import write_tagging_report
from nextword.tasks.tagging.evaluation.scores import TaggingScores, evaluate_tagger

__all__ = [
    "TaggingScores",
    "evaluate_tagger",
    "write_tagging_report",
]
