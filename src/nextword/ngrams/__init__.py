"""N-gram models over token ids: counting, smoothing, scoring, and ARPA files.

The modules use NumPy only, not torch. They write files only in a temporary folder that the caller
names.
"""

from nextword.ngrams.arpa import (
    ArpaModel,
    LineStream,
    arpa_text,
    read_arpa,
    spelt_tokens,
    with_suffixes,
)
from nextword.ngrams.compiled import ngram_kernels
from nextword.ngrams.counting import (
    BYTES_PER_TOKEN,
    NgramCounts,
    OrderCounts,
    Sentences,
    count_ngrams,
    count_spilling,
    counted_ngrams,
    counting_memory,
    sentences_of,
)
from nextword.ngrams.scoring import (
    NOTHING,
    Matches,
    match_contexts,
    match_rows,
    next_word_log_probs,
    score_rows,
    score_words,
)
from nextword.ngrams.smoothing import (
    FALLBACK,
    Discounts,
    KneserNey,
    add_k,
    kneser_ney,
    kneser_ney_discounts,
    maximum_likelihood,
)
from nextword.ngrams.successors import Successors, no_successors, successors_of
from nextword.ngrams.tables import NOT_FOUND, NgramTables

__all__ = [
    "BYTES_PER_TOKEN",
    "FALLBACK",
    "NOTHING",
    "NOT_FOUND",
    "ArpaModel",
    "Discounts",
    "KneserNey",
    "LineStream",
    "Matches",
    "NgramCounts",
    "NgramTables",
    "OrderCounts",
    "Sentences",
    "Successors",
    "add_k",
    "arpa_text",
    "count_ngrams",
    "count_spilling",
    "counted_ngrams",
    "counting_memory",
    "kneser_ney",
    "kneser_ney_discounts",
    "match_contexts",
    "match_rows",
    "maximum_likelihood",
    "next_word_log_probs",
    "ngram_kernels",
    "no_successors",
    "read_arpa",
    "score_rows",
    "score_words",
    "sentences_of",
    "spelt_tokens",
    "successors_of",
    "with_suffixes",
]
