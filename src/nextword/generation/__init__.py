"""Making text: filters and draws, streamed ids, streamed text, the most probable next tokens."""

from nextword.generation.completion import complete_word
from nextword.generation.sampling import SamplingConfig, filter_log_probs, sample
from nextword.generation.session import (
    FinishReason,
    GeneratedToken,
    Stop,
    generate,
    read_prompt,
)
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
    "Stop",
    "StopScanner",
    "TextPiece",
    "complete_word",
    "filter_log_probs",
    "generate",
    "generate_text",
    "next_tokens",
    "read_prompt",
    "sample",
]
