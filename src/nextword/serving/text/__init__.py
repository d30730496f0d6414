"""What a language model says of texts: scores, next tokens and completed words."""

from nextword.serving.text.predicting import NextListener, TokenProbability, prediction_routes
from nextword.serving.text.scoring import scoring_routes
from nextword.serving.text.tracing import tracing_routes

__all__ = [
    "NextListener",
    "TokenProbability",
    "prediction_routes",
    "scoring_routes",
    "tracing_routes",
]
