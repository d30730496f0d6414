"""Reading: questions about passages, answered by a span, a candidate or a written text."""

from nextword.tasks.reading.config import ReadingRunConfig
from nextword.tasks.reading.evaluation import (
    ReadingScores,
    ScoreCounter,
    ScoredItem,
    evaluate_reader,
    scored_items,
)
from nextword.tasks.reading.files import Item, Turn, read_items
from nextword.tasks.reading.predictor import Answer
from nextword.tasks.reading.reader import Reader, load_reader
from nextword.tasks.reading.train import train_reader

__all__ = [
    "Answer",
    "Item",
    "Reader",
    "ReadingRunConfig",
    "ReadingScores",
    "ScoreCounter",
    "ScoredItem",
    "Turn",
    "evaluate_reader",
    "load_reader",
    "read_items",
    "scored_items",
    "train_reader",
]
