"""Surprisal of the tokens and words of a text, with entropy and rank."""

from nextword.evaluation.surprisal.lines import line_surprisals
from nextword.evaluation.surprisal.values import LineSurprisal, TokenSurprisal, WordSurprisal

__all__ = ["LineSurprisal", "TokenSurprisal", "WordSurprisal", "line_surprisals"]
