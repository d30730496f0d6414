"""Text generation: sessions, sampling, streamed text, next tokens, completion of words."""

from nextword.generation.completion import CacheConfig, TypingSession, complete
from nextword.generation.direction import require_forward
from nextword.generation.generate import generate, generate_from
from nextword.generation.packed_samples import kernel_sampler
from nextword.generation.rows import score_rows
from nextword.generation.sampling import SamplingConfig, filter_log_probs, sample
from nextword.generation.session import Session
from nextword.generation.stopping import StopScanner
from nextword.generation.text import (
    Sample,
    TextPiece,
    generate_text,
    next_tokens,
)
from nextword.generation.tokens import FinishReason, GeneratedToken, Stop

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
    "kernel_sampler",
    "next_tokens",
    "require_forward",
    "sample",
    "score_rows",
]
