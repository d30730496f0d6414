"""Reading and writing ARPA files, the text format for back-off n-gram models."""

from nextword.ngrams.arpa.contexts import with_suffixes
from nextword.ngrams.arpa.lines import LineStream
from nextword.ngrams.arpa.reader import ArpaModel, read_arpa
from nextword.ngrams.arpa.spelling import spelt_tokens
from nextword.ngrams.arpa.writer import arpa_text

__all__ = ["ArpaModel", "LineStream", "arpa_text", "read_arpa", "spelt_tokens", "with_suffixes"]
