"""Whether most lines of a text carry a symbol of another toolkit, such as `<eos>`.

Such a symbol is an ordinary word here, and the model will predict it. That is legitimate, but
seldom meant, and makes a perplexity per word look better than that of the bare text. Knows nothing
of tokenizers.
"""

import logging
import re
from collections import Counter

_logger = logging.getLogger(__name__)

#: What is read of a text to tell: enough for a share of its lines.
_SAMPLE_CHARACTERS = 1 << 20
_MIN_LINES = 2

_NAMES = (
    r"s|pad|bos|eos|sos|eol|bol|bop|eop|eod|sep|cls|mask|stop|start|end|begin|go|null|blank|"
    r"endoftext|startoftext|end[_▁ ]of[_▁ ](?:text|sentence|turn)|"
    r"(?:start|begin)[_▁ ]of[_▁ ](?:text|sentence|turn)|im_start|im_end|eot_id"
)
#: `<eos>`, `[SEP]`, `<|endoftext|>`, `{eos}` and so on, in small letters.
_SYMBOL = re.compile(
    rf"(?:</?[|\uff5c]?/?(?:{_NAMES})[|\uff5c]?/?>|\[/?(?:{_NAMES})\]|\{{/?(?:{_NAMES})\}}|"
    rf"__/?(?:{_NAMES})__)"
)
#: Anything in brackets of its own, as the first or the last word of a line.
_BRACKETED = re.compile(r"<[^<>]+>|\uff5f[^\uff5f\uff60]+\uff60|\[[^\[\]]+\]|\{[^{}]+\}|__[a-z]+__")
#: Names without brackets, in capital letters, likewise.
_CAPITALS = frozenset({"BOS", "EOS", "SOS", "BOL", "EOL", "EOD"})


class LineSigns:
    """Counts the lines that carry symbols, in the beginning of a text.

    Attributes:
        num_lines: Lines read that are not blank.
    """

    def __init__(self) -> None:
        self.num_lines = 0
        self._left = _SAMPLE_CHARACTERS
        self._counts: Counter[str] = Counter()

    def read(self, text: str) -> None:
        """Read the next piece of a text; what lies beyond the sample is passed over."""
        if self._left <= 0:
            return
        sample = text[: self._left]
        self._left -= len(text)
        for line in sample.split("\n"):
            if words := line.split():
                self.num_lines += 1
                self._counts.update(_symbols(line, words))

    def usual(self) -> list[str]:
        """Return the symbols that stand on more than half of the lines, the most usual first."""
        if self.num_lines < _MIN_LINES:
            return []
        return [
            symbol for symbol, count in self._counts.most_common() if 2 * count > self.num_lines
        ]

    def warn(self, name: str) -> None:
        """Log a warning that names the symbols, if there are any."""
        if symbols := self.usual():
            _logger.warning(
                "most lines of %s carry %s. This is read as ordinary text, which the model learns "
                "to predict, so the perplexity is lower than that of the text without. If it is "
                "no part of the text, remove it: lines need no symbol at their beginning or end.",
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
