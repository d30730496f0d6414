"""Greedy and beam search over the targets of an encoder-decoder."""

from nextword.tasks.transduction.search.beam import search
from nextword.tasks.transduction.search.config import SearchConfig
from nextword.tasks.transduction.search.fusion import TargetLanguageModel
from nextword.tasks.transduction.search.hypotheses import Hypothesis
from nextword.tasks.transduction.search.ranking import length_divisor
from nextword.tasks.transduction.search.sources import SearchSources

__all__ = [
    "Hypothesis",
    "SearchConfig",
    "SearchSources",
    "TargetLanguageModel",
    "length_divisor",
    "search",
]
