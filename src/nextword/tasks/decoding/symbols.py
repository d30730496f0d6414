"""The symbols of sources or targets: from texts to token ids and back."""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from nextword.tasks.decoding.batch import Ids
from nextword.tasks.decoding.config import SymbolConfig
from nextword.tokens import VocabularyTokenizer, train_tokenizer

#: Texts are passed to the trainer of a tokenizer in pieces of this number.
_TEXTS_PER_PIECE = 10_000


class Symbols:
    """One side of the pairs: its tokenizer, and how its texts are compared.

    Args:
        config: How texts are split.
        tokenizer: The tokenizer.
    """

    def __init__(self, config: SymbolConfig, tokenizer: VocabularyTokenizer) -> None:
        self.config = config
        self.tokenizer = tokenizer

    @classmethod
    def learn(cls, config: SymbolConfig, texts: Iterable[str]) -> "Symbols":
        """Learn the symbols of the training data.

        Args:
            config: How texts are split.
            texts: The training texts of this side.

        Raises:
            DataError: A text contains a reserved symbol such as `<s>` as a word.
        """
        prepared = (_one_line(text) if config.has_blanks else text for text in texts)
        return cls(config, train_tokenizer(config.tokenizer, _pieces(prepared)))

    @property
    def banned_ids(self) -> tuple[int, ...]:
        """Ids that no target may contain: padding, start and unknown symbols."""
        tokenizer = self.tokenizer
        return (tokenizer.pad_id, tokenizer.sentence_start_id, tokenizer.unknown_id)

    def encode(self, text: str, *, place: str = "the text") -> Ids:
        """Return the token ids of a text, without start and end tokens.

        Args:
            text: The text.
            place: Where it is from, for error messages.

        Raises:
            DataError: The text contains a reserved symbol such as `<s>` as a word.
        """
        self.config.check(text, place=place)
        if self.config.has_blanks:
            text = _one_line(text)
        return np.asarray(self.tokenizer.encode(text).ids, dtype=np.int64)

    def ids_of(self, symbols: Iterable[str]) -> Ids:
        """Return the token id of each symbol; the id of unknown symbols where there is none.

        Args:
            symbols: The symbols.
        """
        unknown_id = self.tokenizer.unknown_id
        return np.array([self._ids.get(each, unknown_id) for each in symbols], dtype=np.int64)

    @cached_property
    def _ids(self) -> dict[str, int]:
        tokenizer = self.tokenizer
        return {tokenizer.token_text(i): i for i in range(tokenizer.vocab_size)}

    def num_unknown(self, token_ids: Ids) -> int:
        """Return how many of some token ids are unknown symbols."""
        return int((token_ids == self.tokenizer.unknown_id).sum())

    def decode(self, token_ids: Ids | Iterable[int]) -> str:
        """Return the text of token ids."""
        return self.tokenizer.decode(token_ids)

    def split(self, text: str) -> tuple[str, ...]:
        """Return the symbols of a text as they are counted in error rates.

        These are the texts between blanks for the kinds `symbol` and `word`, and the characters for
        all other kinds.
        """
        return tuple(text.split()) if self.config.has_blanks else tuple(text)

    def labels(self, token_ids: Ids) -> list[str]:
        """Return the text of each token for display."""
        return [self.tokenizer.token_text(token_id) for token_id in token_ids.tolist()]


def _one_line(text: str) -> str:
    """Return a text whose symbols are separated by single blanks; a line end is not a symbol."""
    return " ".join(text.split())


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """Join texts, each a line, to pieces; the line ends that are added are not symbols."""
    lines: list[str] = []
    for text in texts:
        lines.append(text)
        if len(lines) == _TEXTS_PER_PIECE:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)
