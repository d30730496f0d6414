"""Backward tokenizers: the tokens of each line in reverse order, the line end last.

Knows nothing of kinds of tokenizers or of files.
"""

import numpy as np
from jaxtyping import Bool, Int64

from nextword.tokens.decoding import StreamDecoder, checked_id
from nextword.tokens.encoders import Encoding


def reverse_lines(
    encoding: Encoding, line_end_ids: Int64[np.ndarray, " num_line_ends"]
) -> Encoding:
    """Return an encoding with the tokens of each line reversed; line ends keep their positions.

    Tokens after the last line end are a line too. Applied twice, the result is the original.

    Args:
        encoding: The token ids of whole lines.
        line_end_ids: Ids of the tokens that end a line.
    """
    order = reversed_positions(np.isin(encoding.ids, line_end_ids))
    return Encoding(
        ids=encoding.ids[order],
        unknown=encoding.unknown[order],
        num_characters_lost=encoding.num_characters_lost,
    )


def reversed_positions(
    is_end: Bool[np.ndarray, " num_tokens"],
) -> Int64[np.ndarray, " num_tokens"]:
    """Return for each position the position of the token that moves there.

    Args:
        is_end: Whether each token ends a line, (num_tokens).
    """
    positions = np.arange(len(is_end), dtype=np.int64)
    ends = np.append(np.flatnonzero(is_end), len(is_end))
    starts = np.append(0, ends[:-1] + 1)
    line = np.cumsum(is_end) - is_end
    return np.where(is_end, positions, starts[line] + ends[line] - 1 - positions)


class BackwardDecoder:
    """Decodes the ids of a backward tokenizer to text in reading order, one line at a time.

    Args:
        decoder: Decodes ids in reading order.
        line_end_ids: Ids of the tokens that end a line.
        vocab_size: Number of token ids.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        *,
        line_end_ids: Int64[np.ndarray, " num_line_ends"],
        vocab_size: int,
    ) -> None:
        self._decoder = decoder
        self._line_end_ids = frozenset(line_end_ids.tolist())
        self._vocab_size = vocab_size
        self._line: list[int] = []

    def feed(self, token_id: int) -> str:
        """Return the text of a line if this id ends it, else an empty string."""
        checked_id(token_id, self._vocab_size)
        if token_id not in self._line_end_ids:
            self._line.append(token_id)
            return ""
        return self._text_of_line() + self._decoder.feed(token_id)

    def flush(self) -> str:
        """Return the text of the unfinished line, and reset the decoder to the start of a text."""
        return self._text_of_line() + self._decoder.flush()

    def _text_of_line(self) -> str:
        text = "".join(self._decoder.feed(token_id) for token_id in reversed(self._line))
        self._line.clear()
        return text
