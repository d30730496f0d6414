"""The interface that every tokenizer implements. Knows nothing of models."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int64, Integer

from nextword.tokens.decoding import StreamDecoder
from nextword.tokens.encoders import Encoding
from nextword.tokens.vocabularies import VocabularySpec

#: What one token of a text is.
TokenUnit = Literal["word", "character", "byte", "subword"]


@runtime_checkable
class Tokenizer(Protocol):
    """Converts text to token ids and back.

    A class implements the interface by having these members; it need not inherit from it.
    `TokenizerMixin` provides `decode`, `count_lost`, `vocabulary_spec` and `save`.
    """

    @property
    def vocab_size(self) -> int:
        """Number of token ids, special ones included."""
        ...

    @property
    def pad_id(self) -> int:
        """Id of the padding token."""
        ...

    @property
    def unknown_id(self) -> int:
        """Id of out-of-vocabulary words and characters."""
        ...

    @property
    def sentence_start_id(self) -> int:
        """Id of the token that starts a text."""
        ...

    @property
    def sentence_end_id(self) -> int:
        """Id of the token that ends a line or a text."""
        ...

    @property
    def boundary_id(self) -> int:
        """Id that a model reads before the first token of a text."""
        ...

    @property
    def never_ids(self) -> tuple[int, ...]:
        """Ids that are never targets, so a model gives them no probability."""
        ...

    @property
    def banned_ids(self) -> tuple[int, ...]:
        """Ids that generation must not sample, although they can be targets."""
        ...

    @property
    def line_end_ids(self) -> Int64[np.ndarray, " num_line_ends"]:
        """Sorted ids of the tokens that end a line."""
        ...

    @property
    def vocabulary_spec(self) -> VocabularySpec:
        """Size and special ids of the vocabulary, from which a model is built."""
        ...

    @property
    def unit(self) -> TokenUnit:
        """What one token is."""
        ...

    @property
    def is_word_level(self) -> bool:
        """Whether tokens are whole words and white space between words is not encoded."""
        ...

    @property
    def has_line_end_token(self) -> bool:
        """Whether `encode` returns `sentence_end_id` at each line end."""
        ...

    @property
    def has_closed_vocabulary(self) -> bool:
        """Whether a literal `<unk>` in a text is an ordinary word."""
        ...

    @property
    def has_learned_vocabulary(self) -> bool:
        """Whether the vocabulary was learned from a text."""
        ...

    @property
    def is_defined_by_tokens(self) -> bool:
        """Whether the token texts alone determine how a text is split, without merges or scores."""
        ...

    @property
    def is_lossless(self) -> bool:
        """Whether `decode` restores every text that has no unknown tokens."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of everything that determines the ids of a text."""
        ...

    @property
    def description(self) -> str:
        """Kind and vocabulary size in a few words, such as `word (10000, closed)`."""
        ...

    def encode(self, text: str) -> Encoding:
        """Return the token ids of a text.

        Args:
            text: The text, in whole lines where a text is encoded in pieces.

        Returns:
            The ids, which of them are unknown, and how many characters are lost.

        Raises:
            DataError: The text cannot be encoded.
        """
        ...

    def without_markers(self, text: str, *, name: str = "the text", first_line: int = 1) -> str:
        """Return a text without the reserved symbols that `encode` ignores.

        Args:
            text: A text that starts at the start of a line.
            name: Name of the text in error messages.
            first_line: Number of its first line.

        Raises:
            DataError: The text contains a reserved symbol that is not ignored.
        """
        ...

    def decode(self, token_ids: Integer[np.ndarray, " num_tokens"] | Iterable[int]) -> str:
        """Return the text of token ids; special tokens have no text.

        Raises:
            VocabularyError: An id is not in the vocabulary.
        """
        ...

    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder that takes one id at a time."""
        ...

    def count_lost(self, text: str) -> int:
        """Return how many characters of a text are lost when it is encoded and decoded."""
        ...

    def token_text(self, token_id: int) -> str:
        """Return the text of one token for display.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        ...

    def id_of(self, token_text: str) -> int:
        """Return the id of a token by its text.

        Args:
            token_text: The text, as returned by `token_text`.

        Raises:
            VocabularyError: No token has this text; the help suggests the nearest one.
        """
        ...

    def merged_pairs(self) -> dict[int, tuple[int, int]] | None:
        """Return the pairs of ids that merges join, by the id of the merged token.

        Returns:
            Pairs in the order of the merges; None for a tokenizer that does not merge tokens.
        """
        ...

    def to_json(self) -> str:
        """Return the content of a `tokenizer.json`, which Hugging Face `tokenizers` loads."""
        ...

    def save(self, path: Path) -> None:
        """Write the `tokenizer.json` to a file, atomically."""
        ...
