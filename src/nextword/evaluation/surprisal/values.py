"""The surprisal of a line: of its tokens, its words and its end."""

import dataclasses
import math
from dataclasses import dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class TokenSurprisal:
    """The surprisal of a token given everything before it.

    Attributes:
        text: The token in the text; empty for a line end that is not in the text.
        start: Its first character in the line, from 0.
        end: Its last character + 1.
        surprisal: -log P(token | tokens before it), in nats; infinite for probability 0.
        entropy: Entropy of the predicted distribution, in nats.
        rank: 1 + the number of tokens that were predicted to be more probable.
        is_unknown: Whether the token is out of vocabulary; its surprisal is that of any unknown
            token, which is lower than that of this one.
    """

    text: str
    start: int
    end: int
    surprisal: float
    entropy: float
    rank: int
    is_unknown: bool

    def to_dict(self) -> Values:
        """Return the fields as JSON values; an infinite surprisal becomes None."""
        return dataclasses.asdict(self) | {"surprisal": finite(self.surprisal)}


@dataclass(frozen=True, kw_only=True)
class WordSurprisal:
    """The surprisal of a word: everything between two blanks.

    Attributes:
        text: The word.
        start: Its first character in the line, from 0.
        end: Its last character + 1.
        surprisal: -log P(word and its end | words before it), in nats.
        is_unknown: Whether a part of the word is out of vocabulary.
    """

    text: str
    start: int
    end: int
    surprisal: float
    is_unknown: bool

    def to_dict(self) -> Values:
        """Return the fields as JSON values; an infinite surprisal becomes None."""
        return dataclasses.asdict(self) | {"surprisal": finite(self.surprisal)}


@dataclass(frozen=True, kw_only=True)
class LineSurprisal:
    """The surprisal of a line.

    The surprisals of the tokens sum to that of the line. Those of the words and `line_end` do too.

    Attributes:
        line: Line number, from 1.
        text: The line without its newline; all offsets are in this text.
        tokens: Its tokens, the line end included.
        words: Its words.
        line_end: Surprisal of the line end after the last word, in nats.
    """

    line: int
    text: str
    tokens: tuple[TokenSurprisal, ...]
    words: tuple[WordSurprisal, ...]
    line_end: float

    @property
    def surprisal(self) -> float:
        """Surprisal of the line and its end, in nats; minus the log-probability of `score`."""
        return math.fsum(token.surprisal for token in self.tokens)

    def to_dict(self) -> Values:
        """Return the fields as JSON values; an infinite surprisal becomes None."""
        return {
            "line": self.line,
            "text": self.text,
            "surprisal": finite(self.surprisal),
            "tokens": [token.to_dict() for token in self.tokens],
            "words": [word.to_dict() for word in self.words],
            "line_end": finite(self.line_end),
        }


def finite(value: float) -> float | None:
    """Return a number, or None if it is infinite: JSON has no infinity."""
    return value if math.isfinite(value) else None
