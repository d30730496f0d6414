"""Minimal pairs: how often a model prefers the good sentence of two."""

from nextword.evaluation.pairs.comparing import compare_pairs
from nextword.evaluation.pairs.reading import MinimalPair, read_pairs
from nextword.evaluation.pairs.scores import PairScores, ParadigmScore

__all__ = ["MinimalPair", "PairScores", "ParadigmScore", "compare_pairs", "read_pairs"]
