"""A passage: the beginning of a text as token ids, which an instrument reads as one sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.base import ConfigError, DataError, require_range
from nextword.text import Corpus
from nextword.tokens import Tokenizer

#: Number of characters that are read when nothing else is asked for.
DEFAULT_CHARACTERS = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Passage:
    """Token ids of a text, read as one sequence from the initial state.

    Attributes:
        token_ids: The ids that are read: the boundary and all targets but the last, (time).
        target_ids: The id to predict after each, (time).
        texts: The text of each target for display, (time).
        description: Source of the text.
    """

    token_ids: Int64[Tensor, " time"]
    target_ids: Int64[Tensor, " time"]
    texts: Sequence[str]
    description: str

    def __len__(self) -> int:
        return len(self.target_ids)

    @property
    def input_texts(self) -> list[str]:
        """The text of each token that is read, (time); that of the boundary is empty."""
        return ["", *self.texts[:-1]][: len(self)]

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
    ids = tokenizer.encode(str(content)[:max_characters]).ids.astype("int64")[:max_tokens]
    if len(ids) == 0:
        raise DataError(f"{description} has no tokens.", help="Name a text with at least one word.")
    target_ids = torch.from_numpy(ids)
    boundary = torch.tensor([tokenizer.boundary_id])
    return Passage(
        token_ids=torch.cat([boundary, target_ids[:-1]]),
        target_ids=target_ids,
        texts=tuple(tokenizer.token_text(token_id) for token_id in ids.tolist()),
        description=description,
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
