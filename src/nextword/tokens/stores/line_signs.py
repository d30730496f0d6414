"""Detect texts in which most lines contain a symbol of another toolkit, such as `<eos>`.

nextword treats such a symbol as an ordinary word that the model predicts. That is rarely intended
and lowers the perplexity per word. Knows nothing of tokenizers.
"""

import logging
import re
from collections import Counter

_logger = logging.getLogger(__name__)

#: Number of characters examined at the start of a text.
_SAMPLE_CHARACTERS = 1 << 18
_MIN_LINES = 2

_NAMES = (
    r"s|pad|bos|eos|sos|eol|bol|bop|eop|eod|sep|cls|mask|stop|start|end|begin|go|null|blank|"
    r"endoftext|startoftext|end[_▁ ]of[_▁ ](?:text|sentence|turn)|"
    r"(?:start|begin)[_▁ ]of[_▁ ](?:text|sentence|turn)|im_start|im_end|eot_id"
)
#: `<eos>`, `[SEP]`, `<|endoftext|>`, `{eos}` and so on, in lower case.
_SYMBOL = re.compile(
    rf"(?:</?[|\uff5c]?/?(?:{_NAMES})[|\uff5c]?/?>|\[/?(?:{_NAMES})\]|\{{/?(?:{_NAMES})\}}|"
    rf"__/?(?:{_NAMES})__)"
)
#: Any word in brackets, as the first or last word of a line.
_BRACKETED = re.compile(r"<[^<>]+>|\uff5f[^\uff5f\uff60]+\uff60|\[[^\[\]]+\]|\{[^{}]+\}|__[a-z]+__")
#: Upper-case names without brackets, as the first or last word of a line.
_CAPITALS = frozenset({"BOS", "EOS", "SOS", "BOL", "EOL", "EOD"})


class LineSigns:
    """Counts the lines that contain symbols, at the start of a text.

    Attributes:
        num_lines: Number of lines read that are not blank.
    """

    def __init__(self) -> None:
        self.num_lines = 0
        self._left = _SAMPLE_CHARACTERS
        self._counts: Counter[str] = Counter()

    @property
    def is_complete(self) -> bool:
        """Whether the sample is full, so that more text is ignored."""
        return self._left <= 0

    def read(self, text: str) -> None:
        """Read the next piece of a text; text after the sample is ignored."""
        if self.is_complete:
            return
        sample = text[: self._left]
        self._left -= len(text)
        for line in sample.split("\n"):
            if words := line.split():
                self.num_lines += 1
                self._counts.update(_symbols(line, words))

    def usual(self) -> list[str]:
        """Return the symbols on more than half of the lines, the most frequent first."""
        if self.num_lines < _MIN_LINES:
            return []
        return [
            symbol for symbol, count in self._counts.most_common() if 2 * count > self.num_lines
        ]

    def warn(self, name: str) -> None:
        """Log a warning with the symbols from `usual`, if there are any.

        Args:
            name: Name of the text.
        """
        if symbols := self.usual():
            _logger.warning(
                "most lines of %s contain %s. It is treated as ordinary text that the model learns "
                "to predict, so the perplexity is lower than without it. If it is not part of the "
                "text, remove it: lines need no symbol at their start or end.",
                name,
                " and ".join(map(repr, symbols)),
            )


def _symbols(line: str, words: list[str]) -> set[str]:
    found = {match.group() for match in _SYMBOL.finditer(line.lower())}
    edges = {words[0], words[-1]}
    return (
        found
        | {word.lower() for word in edges if _BRACKETED.fullmatch(word.lower())}
        | (edges & _CAPITALS)
    )
