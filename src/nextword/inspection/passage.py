"""A passage: the beginning of a text as token ids, which an instrument reads as one sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, Integer
from torch import Tensor

from nextword.base import ConfigError, DataError, require_range
from nextword.text import Corpus
from nextword.tokens import Tokenizer

#: Number of characters that are read when nothing else is asked for.
DEFAULT_CHARACTERS = 20_000
#: The token at the end of a line of words, and how a figure shows it.
_SENTENCE_END, _LINE_END = "</s>", "\u23ce\n"


@dataclass(frozen=True, kw_only=True, eq=False)
class Passage:
    """Token ids of a text, read as one sequence from the initial state.

    Attributes:
        token_ids: The ids that are read: the boundary and all targets but the last, (time).
        target_ids: The id to predict after each, (time).
        texts: The text of each target for display, (time).
        description: Source of the text.
        is_word_level: Whether tokens are whole words, between which white space is not encoded.
    """

    token_ids: Int64[Tensor, " time"]
    target_ids: Int64[Tensor, " time"]
    texts: Sequence[str]
    description: str
    is_word_level: bool = False

    def __len__(self) -> int:
        return len(self.target_ids)

    @property
    def input_texts(self) -> list[str]:
        """The text of each token that is read, (time); that of the boundary is empty."""
        return ["", *self.texts[:-1]][: len(self)]

    def shown_texts(self, start: int, end: int) -> tuple[str, ...]:
        """Return tokens that are read, with the white space that separates them, for a figure.

        Args:
            start: The first position.
            end: One more than the last position.
        """
        texts = self.input_texts[start:end]
        if not self.is_word_level:
            return tuple(texts)
        return tuple(_LINE_END if text == _SENTENCE_END else f"{text} " for text in texts)

    def first(self, num_tokens: int) -> "Passage":
        """Return the first tokens of the passage.

        Args:
            num_tokens: Number of targets, at most those of the passage.
        """
        return Passage(
            token_ids=self.token_ids[:num_tokens],
            target_ids=self.target_ids[:num_tokens],
            texts=self.texts[:num_tokens],
            description=self.description,
            is_word_level=self.is_word_level,
        )


def read_passage(
    text: Corpus | str,
    tokenizer: Tokenizer,
    *,
    max_characters: int = DEFAULT_CHARACTERS,
    max_tokens: int | None = None,
) -> Passage:
    """Encode the beginning of a text.

    Args:
        text: A corpus, whose documents are read as one sequence, or the text itself.
        tokenizer: The tokenizer of the model.
        max_characters: Number of characters to read.
        max_tokens: Number of tokens to keep; all when None.

    Returns:
        The passage.

    Raises:
        ConfigError: A number is out of range.
        DataError: The text is empty or cannot be encoded.
    """
    require_range("max_characters", max_characters, low=1)
    description, content = "text", text
    if isinstance(text, Corpus):
        description, content = text.description, _beginning(text, max_characters)
    ids = tokenizer.encode(str(content)[:max_characters]).ids[:max_tokens]
    if len(ids) == 0:
        raise DataError(f"{description} has no tokens.", help="Name a text with at least one word.")
    return passage_of_ids(ids, tokenizer, description=description)


def passage_of_ids(
    ids: Integer[np.ndarray, " num_tokens"], tokenizer: Tokenizer, *, description: str
) -> Passage:
    """Return the passage of the token ids of a text, at least one.

    Args:
        ids: The ids, without the boundary.
        tokenizer: The tokenizer that encoded the text.
        description: Source of the text.
    """
    target_ids = torch.from_numpy(ids.astype("int64"))
    boundary = torch.tensor([tokenizer.boundary_id])
    return Passage(
        token_ids=torch.cat([boundary, target_ids[:-1]]),
        target_ids=target_ids,
        texts=tuple(tokenizer.token_text(token_id) for token_id in ids.tolist()),
        description=description,
        is_word_level=tokenizer.is_word_level,
    )


def require_length(passage: Passage, num_lags: int) -> None:
    """Raise an error if a passage is too short to look back over a number of steps.

    Args:
        passage: The passage.
        num_lags: Number of steps to look back.

    Raises:
        ConfigError: No token has this number of tokens before it.
    """
    require_range("lags", num_lags, low=1)
    if len(passage) <= num_lags:
        raise ConfigError(
            f"{passage.description} has {len(passage)} tokens, but looking back over "
            f"{num_lags} steps needs at least {num_lags + 1}.",
            help=f"Give a longer text, or set --lags to at most {len(passage) - 1}."
            if len(passage) > 1
            else "Give a longer text.",
        )


def _beginning(corpus: Corpus, num_characters: int) -> str:
    pieces, length = [], 0
    for piece in corpus.pieces():
        pieces.append(piece)
        length += len(piece)
        if length >= num_characters:
            break
    return "".join(pieces)[:num_characters]
