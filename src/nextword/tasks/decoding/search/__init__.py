"""Greedy and beam search over the targets of an encoder-decoder."""

from nextword.tasks.decoding.search.beam import search
from nextword.tasks.decoding.search.config import SearchConfig
from nextword.tasks.decoding.search.fusion import TargetLanguageModel
from nextword.tasks.decoding.search.hypotheses import Hypothesis
from nextword.tasks.decoding.search.ranking import length_divisor
from nextword.tasks.decoding.search.sources import SearchSources

__all__ = [
    "Hypothesis",
    "SearchConfig",
    "SearchSources",
    "TargetLanguageModel",
    "length_divisor",
    "search",
]
