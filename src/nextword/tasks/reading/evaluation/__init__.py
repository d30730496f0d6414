"""The evaluation of a reader: scores, and reports with attention over the passage."""

from nextword.tasks.reading.evaluation.attention import draw_attention, sentence_attention
from nextword.tasks.reading.evaluation.report import (
    ReadingReport,
    write_predictions,
)
from nextword.tasks.reading.evaluation.scores import (
    ReadingScores,
    ScoreCounter,
    ScoredItem,
    evaluate_reader,
    scored_items,
)

__all__ = [
    "ReadingReport",
    "ReadingScores",
    "ScoreCounter",
    "ScoredItem",
    "draw_attention",
    "evaluate_reader",
    "scored_items",
    "sentence_attention",
    "write_predictions",
]
