"""Text generation: sessions, sampling, streamed text, next tokens, completion of words."""

from nextword.generation.completion import CacheConfig, TypingSession, complete
from nextword.generation.direction import require_forward
from nextword.generation.fed_rows import score_rows
from nextword.generation.generate import (
    FinishReason,
    GeneratedToken,
    Stop,
    generate,
    generate_from,
)
from nextword.generation.sampling import SamplingConfig, filter_log_probs, sample
from nextword.generation.session import Session
from nextword.generation.stopping import StopScanner
from nextword.generation.text import (
    Sample,
    TextPiece,
    generate_text,
    next_tokens,
)

__all__ = [
    "CacheConfig",
    "FinishReason",
    "GeneratedToken",
    "Sample",
    "SamplingConfig",
    "Session",
    "Stop",
    "StopScanner",
    "TextPiece",
    "TypingSession",
    "complete",
    "filter_log_probs",
    "generate",
    "generate_from",
    "generate_text",
    "next_tokens",
    "require_forward",
    "sample",
    "score_rows",
]
