"""Measuring language models: the perplexity card, scores of units and of lines."""

from nextword.evaluation.card import (
    ModelFacts,
    PerplexityCard,
    Sums,
    TextFacts,
    perplexity_card,
)
from nextword.evaluation.lines import LineScore, per_line_scores
from nextword.evaluation.perplexity import (
    DEFAULT_BATCH_SIZE,
    UnitScore,
    describe_tokenizer,
    evaluate,
    evaluate_store,
    resolve_reset,
    unit_scores,
)
from nextword.evaluation.scoring import ScoredWindow, default_chunk_length, score_units
from nextword.evaluation.table import render_card, render_cards

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "LineScore",
    "ModelFacts",
    "PerplexityCard",
    "ScoredWindow",
    "Sums",
    "TextFacts",
    "UnitScore",
    "default_chunk_length",
    "describe_tokenizer",
    "evaluate",
    "evaluate_store",
    "per_line_scores",
    "perplexity_card",
    "render_card",
    "render_cards",
    "resolve_reset",
    "score_units",
    "unit_scores",
]
