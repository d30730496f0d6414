"""Text generation: sessions, sampling, streamed ids and text, the most probable next tokens."""

from nextword.generation.completion import complete_word
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
    "FinishReason",
    "GeneratedToken",
    "Sample",
    "SamplingConfig",
    "Session",
    "Stop",
    "StopScanner",
    "TextPiece",
    "complete_word",
    "filter_log_probs",
    "generate",
    "generate_from",
    "generate_text",
    "next_tokens",
    "sample",
]
