"""Scores of answers, and what trivial readers reach."""

from nextword.tasks.reading.scoring.baselines import Baselines, question_type
from nextword.tasks.reading.scoring.metrics import answer_f1, exact_match, normalize_answer

__all__ = ["Baselines", "answer_f1", "exact_match", "normalize_answer", "question_type"]
