"""Positions of a text at which models are measured, and their texts as token ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from nextword.base import DataError, require_range
from nextword.text import Corpus
from nextword.tokens import Tokenizer

DEFAULT_CHARACTERS = 200_000


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryText:
    """The beginning of a text as token ids of one model.

    Attributes:
        token_ids: The ids, without the boundary, (num_tokens).
        num_unknown: Number of out-of-vocabulary tokens among them.
        num_bytes: Number of bytes of each token, (num_tokens); None where the tokenizer drops
            characters of the text.
        description: Source of the text.
    """

    token_ids: Int64[np.ndarray, " num_tokens"]
    num_unknown: int
    num_bytes: Int64[np.ndarray, " num_tokens"] | None
    description: str

    @property
    def num_tokens(self) -> int:
        """Number of tokens."""
        return len(self.token_ids)

    @property
    def is_lossless(self) -> bool:
        """Whether the tokens have all bytes of the text."""
        return self.num_bytes is not None


def read_memory_text(
    text: Corpus | str, tokenizer: Tokenizer, *, max_characters: int = DEFAULT_CHARACTERS
) -> MemoryText:
    """Encode the beginning of a text.

    Args:
        text: A corpus, whose documents are read as one sequence, or the text itself.
        tokenizer: The tokenizer of the model.
        max_characters: Number of characters to read.

    Raises:
        ConfigError: The number is out of range.
        DataError: The text is empty or cannot be encoded.
    """
    require_range("max_characters", max_characters, low=1)
    description = text.description if isinstance(text, Corpus) else "text"
    content = beginning(text, max_characters)
    encoding = tokenizer.encode(content)
    token_ids = encoding.ids.astype(np.int64)
    if len(token_ids) == 0:
        raise DataError(f"{description} has no tokens.", help="Name a text with at least one word.")
    num_bytes = None
    if tokenizer.is_lossless and not encoding.unknown.any():
        sizes = np.array([len(tokenizer.token_bytes(each)) for each in range(tokenizer.vocab_size)])
        num_bytes = sizes[token_ids].astype(np.int64)
    return MemoryText(
        token_ids=token_ids,
        num_unknown=int(encoding.unknown.sum()),
        num_bytes=num_bytes,
        description=description,
    )


def draw_positions(
    text: MemoryText, *, first: int, number: int, seed: int
) -> Int64[np.ndarray, " positions"]:
    """Return random positions of targets, all different, in increasing order.

    Args:
        text: The text.
        first: The first position that may be drawn: the number of tokens before it.
        number: Number of positions; all that there are if there are fewer.
        seed: Seed of the draw.

    Raises:
        ConfigError: The number is below 1.
        DataError: The text is too short.
    """
    require_range("positions", number, low=1)
    if text.num_tokens <= first:
        raise DataError(
            f"{text.description} has {text.num_tokens} tokens, but looking back {first} tokens "
            f"needs at least {first + 1}.",
            help="Give a longer text, raise --characters, or lower --max-distance.",
        )
    generator = np.random.default_rng(seed)
    available = np.arange(first, text.num_tokens)
    drawn = generator.choice(available, size=min(number, len(available)), replace=False)
    return np.sort(drawn)


def draw_shared_positions(
    texts: Sequence[MemoryText], *, first: int, number: int, seed: int
) -> list[Int64[np.ndarray, " positions"]]:
    """Return, for every tokenizer, the tokens that contain the same randomly drawn bytes.

    Args:
        texts: The same text, encoded by lossless tokenizers.
        first: The number of tokens that must be before each.
        number: Number of bytes to draw.
        seed: Seed of the draw.

    Raises:
        ConfigError: The number is below 1.
        DataError: The text is too short.
    """
    require_range("positions", number, low=1)
    ends = [np.cumsum(text.num_bytes) for text in texts if text.num_bytes is not None]
    for text in texts:
        if text.num_tokens <= first:
            draw_positions(text, first=first, number=number, seed=seed)
    low = max(int(each[first - 1]) if first else 0 for each in ends)
    high = min(int(each[-1]) for each in ends)
    if high <= low:
        draw_positions(texts[0], first=texts[0].num_tokens, number=number, seed=seed)
    places = np.sort(np.random.default_rng(seed).integers(low, high, size=number))
    return [np.searchsorted(each, places, side="right") for each in ends]


def incomparable(texts: Mapping[str, MemoryText]) -> str:
    """Return why models with different vocabularies cannot be compared; empty if they can.

    Args:
        texts: The same text as token ids of each model.
    """
    unknown = [name for name, text in texts.items() if text.num_unknown]
    if unknown:
        return (
            "the vocabularies differ and the text has words outside the vocabulary of "
            f"{', '.join(unknown)}"
        )
    lossy = [name for name, text in texts.items() if not text.is_lossless]
    if lossy:
        return f"the vocabularies differ and characters are lost by the tokenizer of {lossy[0]}"
    return ""


def beginning(text: Corpus | str, num_characters: int) -> str:
    """Return the first characters of a text.

    Args:
        text: A corpus or the text itself.
        num_characters: Number of characters.
    """
    if isinstance(text, str):
        return text[:num_characters]
    pieces, length = [], 0
    for piece in text.pieces():
        pieces.append(piece)
        length += len(piece)
        if length >= num_characters:
            break
    return "".join(pieces)[:num_characters]
