"""What `Model` needs of a model: scores of words after contexts. Knows no files."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from nextword.interop.kenlm.state import Context

LN_10 = math.log(10.0)

#: The words that stand for the two ends of a sentence.
START, END = "<s>", "</s>"

#: `order` of a model whose predictions depend on all words read: the largest C int.
UNBOUNDED_ORDER = 2**31 - 1

#: KenLM splits sentences as `bytes.split` does, so U+00A0 or U+3000 are parts of words.
_WHITE_SPACE = re.compile(r"[ \t\n\r\v\f]+")


class WordScore(NamedTuple):
    """The score of a word after a context.

    Attributes:
        log_prob: log10 probability.
        length: Number of words in the n-gram that it was found in.
        is_unknown: Whether the word is out of vocabulary.
        context: The context after the word.
    """

    log_prob: float
    length: int
    is_unknown: bool
    context: Context


@runtime_checkable
class Scorer(Protocol):
    """Scores words after contexts.

    Attributes:
        order: Number of words in the longest n-grams; `UNBOUNDED_ORDER` for a model whose
            predictions depend on all words read.
        entries: The text of each entry of the vocabulary.
        look_ahead: Number of contexts, at most, that are computed as one batch with the one that
            is asked for. They are the last ones that `read` returned: a beam search asks for many
            of them soon. 0 computes each context alone.
    """

    look_ahead: int

    @property
    def order(self) -> int:
        """Number of words in the longest n-grams."""
        ...

    @property
    def entries(self) -> Sequence[str]:
        """The text of each entry of the vocabulary."""
        ...

    def empty(self) -> Context:
        """Return the context of no words at all."""
        ...

    def begin(self) -> Context:
        """Return the context of the start of a sentence."""
        ...

    def knows(self, word: str) -> bool:
        """Return whether a word is in the vocabulary."""
        ...

    def read(self, context: Context, word: str) -> WordScore:
        """Return the score of a word after a context."""
        ...

    def read_each(self, contexts: Sequence[Context], words: Sequence[str]) -> list[WordScore]:
        """Return the score of one word after each context, computed as one batch."""
        ...

    def read_all(self, context: Context, words: Sequence[str]) -> Iterator[WordScore]:
        """Iterate over the scores of words that follow each other."""
        ...

    def next_scores(self, context: Context) -> Float64[np.ndarray, " vocab"]:
        """Return the log10 probability of every entry of the vocabulary, (vocab)."""
        ...


def as_text(value: str | bytes) -> str:
    """Return text; bytes are UTF-8, and other bytes become surrogates.

    Raises:
        TypeError: The value is neither str nor bytes.
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="surrogateescape")
    if isinstance(value, str):
        return value
    raise TypeError(f"Cannot convert {type(value)} to string")


def words_of(sentence: str | bytes) -> list[str]:
    r"""Split a sentence at ASCII white space.

    Raises:
        TypeError: The sentence is neither str nor bytes.

    Example:
        >>> words_of(" the\told\u00a0man ")
        ['the', 'old\xa0man']
    """
    return [word for word in _WHITE_SPACE.split(as_text(sentence)) if word]
