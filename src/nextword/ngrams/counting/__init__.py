"""Counting the n-grams of a token store, in memory or spilled to disk."""

from nextword.ngrams.counting.counted_ngrams import (
    BYTES_PER_TOKEN,
    counted_ngrams,
    counting_memory,
)
from nextword.ngrams.counting.counts import NgramCounts, OrderCounts, count_ngrams
from nextword.ngrams.counting.sentences import Sentences, sentences_of
from nextword.ngrams.counting.spilled_counts import count_spilling

__all__ = [
    "BYTES_PER_TOKEN",
    "NgramCounts",
    "OrderCounts",
    "Sentences",
    "count_ngrams",
    "count_spilling",
    "counted_ngrams",
    "counting_memory",
    "sentences_of",
]
