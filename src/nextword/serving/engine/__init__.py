"""Continuous batching: many requests to one model, on one thread. Knows ids, not HTTP or text."""

from nextword.serving.engine.drawing import top_tokens
from nextword.serving.engine.engine import Engine
from nextword.serving.engine.errors import CancelledRequestError, DrainingError, QueueFullError
from nextword.serving.engine.request import (
    Bias,
    Listener,
    Request,
    SampledToken,
    Ticket,
    TopTokens,
)
from nextword.serving.engine.scheduler import StepFigures

__all__ = [
    "Bias",
    "CancelledRequestError",
    "DrainingError",
    "Engine",
    "Listener",
    "QueueFullError",
    "Request",
    "SampledToken",
    "StepFigures",
    "Ticket",
    "TopTokens",
    "top_tokens",
]
