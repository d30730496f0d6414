"""What the n-gram cases measure: a generated text, its estimation, and scores of its sentences."""

from nextword.benchmarking.ngrams.estimating import (
    encode,
    estimate,
    estimate_command,
    lmplz_command,
)
from nextword.benchmarking.ngrams.made_texts import NgramSizes, count_tokens, made_texts
from nextword.benchmarking.ngrams.scoring import (
    LIMIT,
    batch_scorer,
    has_kenlm,
    kenlm_model,
    scores_parity,
    sentence_scorer,
)

__all__ = [
    "LIMIT",
    "NgramSizes",
    "batch_scorer",
    "count_tokens",
    "encode",
    "estimate",
    "estimate_command",
    "has_kenlm",
    "kenlm_model",
    "lmplz_command",
    "made_texts",
    "scores_parity",
    "sentence_scorer",
]
