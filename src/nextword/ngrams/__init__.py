"""From token ids to counts, from counts to n-gram probabilities, and ARPA in and out.

Knows nothing of torch, and no path but a folder for temporary files that the caller names.
"""

from nextword.ngrams.add_k import add_k
from nextword.ngrams.arpa_lines import LineStream
from nextword.ngrams.arpa_reader import ArpaModel, read_arpa
from nextword.ngrams.arpa_writer import arpa_text
from nextword.ngrams.counting import BYTES_PER_TOKEN, MEMORY_BYTES, counted_ngrams
from nextword.ngrams.counts import NgramCounts, OrderCounts, count_ngrams
from nextword.ngrams.discounts import FALLBACK, Discounts, kneser_ney_discounts
from nextword.ngrams.kneser_ney import KneserNey, kneser_ney
from nextword.ngrams.maximum_likelihood import maximum_likelihood
from nextword.ngrams.scoring import (
    NOTHING,
    Matches,
    match_contexts,
    next_word_log_probs,
    score_words,
)
from nextword.ngrams.sentences import Sentences, sentences_of
from nextword.ngrams.spilled_counts import count_spilling
from nextword.ngrams.successors import Successors, no_successors, successors_of
from nextword.ngrams.tables import NOT_FOUND, NgramTables

__all__ = [
    "BYTES_PER_TOKEN",
    "FALLBACK",
    "MEMORY_BYTES",
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
    "kneser_ney",
    "kneser_ney_discounts",
    "match_contexts",
    "maximum_likelihood",
    "next_word_log_probs",
    "no_successors",
    "read_arpa",
    "score_words",
    "sentences_of",
    "successors_of",
]
