"""The beginning of a corpus with its documents and tokens, and where every token ends.

Knows tokenizers and texts, and no models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from nextword.base import ConfigError, DataError, require_range
from nextword.inspection.cells.properties import Property
from nextword.text import Corpus
from nextword.tokens import Tokenizer

DEFAULT_CHARACTERS = 40_000


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitText:
    """The beginning of a corpus, encoded.

    Attributes:
        documents: The documents that it contains; the last one may be longer than what is read.
        text: The characters that are read.
        token_ids: Ids of the tokens, without the boundary, (num_tokens).
        ends: The number of characters up to the end of each token, (num_tokens).
        description: Source of the text.
    """

    documents: Sequence[str]
    text: str
    token_ids: Int64[np.ndarray, " num_tokens"]
    ends: Int64[np.ndarray, " num_tokens"]
    description: str

    @property
    def num_tokens(self) -> int:
        """Number of tokens."""
        return len(self.token_ids)

    @property
    def starts(self) -> Int64[np.ndarray, " num_tokens"]:
        """The number of characters before each token, (num_tokens)."""
        return np.concatenate([[0], self.ends[:-1]])

    def values(self, prop: Property) -> Float[np.ndarray, " num_tokens"]:
        """Return the value of a property after each token, (num_tokens); NaN where undefined.

        Args:
            prop: The property.
        """
        by_character = np.concatenate([prop.of(document) for document in self.documents])
        by_token: np.ndarray = by_character[self.ends - 1]
        return by_token


def read_unit_text(
    text: Corpus | str, tokenizer: Tokenizer, *, max_characters: int = DEFAULT_CHARACTERS
) -> UnitText:
    """Read and encode the beginning of a text.

    Args:
        text: A corpus, whose documents are read as one sequence, or the text itself.
        tokenizer: The tokenizer of the model.
        max_characters: Number of characters to read.

    Returns:
        The text, with where each token ends.

    Raises:
        ConfigError: The number is out of range, or the tokenizer reads lines backward.
        DataError: The text is empty or cannot be encoded.
    """
    require_range("max_characters", max_characters, low=1)
    description = text.description if isinstance(text, Corpus) else "text"
    documents = [text] if isinstance(text, str) else _documents(text, max_characters)
    read = "".join(documents)[:max_characters]
    if tokenizer.is_backward:
        raise ConfigError(
            "the model reads lines backward, so its state does not follow the text.",
            help="Inspect a model that reads forward.",
        )
    token_ids = tokenizer.encode(read).ids.astype(np.int64)
    if len(token_ids) == 0:
        raise DataError(f"{description} has no tokens.", help="Name a text with at least one word.")
    return UnitText(
        documents=tuple(documents),
        text=read,
        token_ids=token_ids,
        ends=tokenizer.offsets(read)[:, 1],
        description=description,
    )


def _documents(corpus: Corpus, num_characters: int) -> list[str]:
    """Return whole documents, until they have a number of characters."""
    documents: list[str] = []
    length = 0
    for document in corpus:
        documents.append("".join(document.pieces()))
        length += len(documents[-1])
        if length >= num_characters:
            break
    return documents
