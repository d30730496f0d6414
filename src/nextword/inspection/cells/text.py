"""The beginning of a corpus with its documents and tokens, and where every token ends.

Knows tokenizers and texts, and no models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from jaxtyping import Float, Int64

from nextword.base import ConfigError, DataError, require_range
from nextword.inspection.cells.properties import Property
from nextword.text import Corpus
from nextword.tokens import WORD_SEPARATORS, Tokenizer

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
        ConfigError: The number is out of range.
        DataError: The text is empty, or the tokens of the text cannot be located in it.
    """
    require_range("max_characters", max_characters, low=1)
    description = text.description if isinstance(text, Corpus) else "text"
    documents = [text] if isinstance(text, str) else _documents(text, max_characters)
    read = "".join(documents)[:max_characters]
    token_ids = tokenizer.encode(read).ids.astype(np.int64)
    if len(token_ids) == 0:
        raise DataError(f"{description} has no tokens.", help="Name a text with at least one word.")
    return UnitText(
        documents=tuple(documents),
        text=read,
        token_ids=token_ids,
        ends=token_ends(tokenizer, read, token_ids=token_ids),
        description=description,
    )


def token_ends(
    tokenizer: Tokenizer, text: str, *, token_ids: Int64[np.ndarray, " num_tokens"]
) -> Int64[np.ndarray, " num_tokens"]:
    r"""Return the number of characters of a text up to the end of each token, (num_tokens).

    A token that ends within a character counts as ending after it.

    Args:
        tokenizer: The tokenizer that encoded the text.
        text: The text.
        token_ids: Its token ids, (num_tokens).

    Raises:
        ConfigError: The tokenizer reads lines backward.
        DataError: The tokens do not add up to the text, for example because the tokenizer changes
            letters.

    Example:
        >>> from nextword.tokens import TokenizerConfig, train_tokenizer
        >>> tokenizer = train_tokenizer(TokenizerConfig(kind="word", min_count=1), ["the cat\n"])
        >>> token_ends(tokenizer, "the cat", token_ids=tokenizer.encode("the cat").ids).tolist()
        [3, 7]
    """
    if tokenizer.is_backward:
        raise ConfigError(
            "the model reads lines backward, so its state does not follow the text.",
            help="Inspect a model that reads forward.",
        )
    if tokenizer.unit == "character":
        ends = list(range(1, len(text) + 1))
    elif tokenizer.is_word_level:
        ends = _word_ends(text)
    else:
        ends = _byte_ends(tokenizer, text, token_ids.tolist())
    if len(ends) != len(token_ids):
        raise DataError(
            f"the {len(token_ids)} tokens cannot be located in the text of {len(text)} "
            f"characters: {tokenizer.description} changes or drops characters.",
            help="Inspect a model with a tokenizer of kind character, byte, bpe or word.",
        )
    return np.array(ends, dtype=np.int64)


def _word_ends(text: str) -> list[int]:
    ends, is_word = [], False
    for place, character in enumerate(text):
        if is_word and character in WORD_SEPARATORS:
            ends.append(place)
        is_word = character not in WORD_SEPARATORS
        if character == "\n":
            ends.append(place + 1)
    return [*ends, len(text)] if is_word else ends


def _byte_ends(tokenizer: Tokenizer, text: str, token_ids: list[int]) -> list[int]:
    widths = (len(each.encode("utf-8", errors="surrogateescape")) for each in text)
    character_ends = np.fromiter(accumulate(widths), dtype=np.int64, count=len(text))
    byte_ends = np.cumsum([len(tokenizer.token_bytes(token_id)) for token_id in token_ids])
    if len(text) == 0 or byte_ends[-1] != character_ends[-1]:
        return []
    places = np.searchsorted(character_ends, byte_ends)
    return [int(place) + 1 for place in places]


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
