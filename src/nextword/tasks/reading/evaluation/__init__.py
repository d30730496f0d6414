"""The evaluation of a reader: scores, and reports with attention over the passage."""

from nextword.tasks.reading.evaluation.scores import (
    ReadingScores,
    ScoreCounter,
    ScoredItem,
    evaluate_reader,
    scored_items,
)

__all__ = ["ReadingScores", "ScoreCounter", "ScoredItem", "evaluate_reader", "scored_items"]
