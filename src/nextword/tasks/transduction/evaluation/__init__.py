"""The evaluation of a transducer: metrics, scores, and reports with alignments."""

from nextword.tasks.transduction.evaluation.metrics import closest_errors, edit_distance
from nextword.tasks.transduction.evaluation.report import (
    draw_attention,
    write_pictures,
    write_predictions,
    write_scores,
)
from nextword.tasks.transduction.evaluation.scores import (
    ScoreCounter,
    ScoredPair,
    TransductionScores,
    evaluate_transducer,
    scored_pairs,
)

__all__ = [
    "ScoreCounter",
    "ScoredPair",
    "TransductionScores",
    "closest_errors",
    "draw_attention",
    "edit_distance",
    "evaluate_transducer",
    "scored_pairs",
    "write_pictures",
    "write_predictions",
    "write_scores",
]
