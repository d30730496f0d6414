"""The interface of a tokenizer. Knows nothing of models."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Int64, Integer

from nextword.base import write_bytes
from nextword.tokens.decoding import StreamDecoder
from nextword.tokens.encoders import Encoding
from nextword.tokens.losses import count_lost
from nextword.tokens.offsets import Offsets
from nextword.tokens.vocabularies import VocabularySpec

#: What one token of a text is.
TokenUnit = Literal["word", "character", "byte", "subword"]


class Tokenizer(ABC):
    """Converts text to token ids and back.

    A subclass sets all attributes and implements the abstract methods. This class has no state
    and no constructor.

    Attributes:
        vocab_size: Number of token ids, special ones included.
        pad_id: Id of the padding token.
        unknown_id: Id of out-of-vocabulary words and characters.
        sentence_start_id: Id of the token that starts a text.
        sentence_end_id: Id of the token that ends a line or a text.
        boundary_id: Id that a model reads before the first token of a text.
        never_ids: Ids that are never targets; a model gives them no probability.
        banned_ids: Ids that generation does not sample although they may be targets.
        line_end_ids: Sorted ids of the tokens that end a line.
        unit: What one token is.
        is_word_level: Whether tokens are whole words; white space between words is not encoded.
        counts_words: Whether the tokens of a text are its white-space words and line ends.
        has_line_end_token: Whether `encode` returns `sentence_end_id` at each line end.
        has_closed_vocabulary: Whether a literal `<unk>` in a text is an ordinary word.
        has_learned_vocabulary: Whether the vocabulary was learned from a text.
        is_defined_by_tokens: Whether the texts of the tokens alone determine how a text is split;
            False where merges or scores do.
        is_lossless: Whether `decode` restores every text that has no unknown tokens.
        is_lowercase: Whether every word is read in lower case.
        is_backward: Whether the tokens of each line are encoded in reverse order, the line end
            last; `decode` restores the reading order.
        fingerprint: Hexadecimal SHA-256 of everything that determines the ids of a text.
    """

    vocab_size: int
    pad_id: int
    unknown_id: int
    sentence_start_id: int
    sentence_end_id: int
    boundary_id: int
    never_ids: tuple[int, ...]
    banned_ids: tuple[int, ...]
    line_end_ids: Int64[np.ndarray, " num_line_ends"]
    unit: TokenUnit
    is_word_level: bool
    counts_words: bool = False
    has_line_end_token: bool
    has_closed_vocabulary: bool
    has_learned_vocabulary: bool
    is_defined_by_tokens: bool
    is_lossless: bool
    is_backward: bool = False
    is_lowercase: bool = False
    fingerprint: str

    @property
    @abstractmethod
    def description(self) -> str:
        """Kind and vocabulary size in a few words, such as `word (10000, closed)`."""

    @property
    def vocabulary_spec(self) -> VocabularySpec:
        """Size and special ids of the vocabulary, from which a model is built."""
        return VocabularySpec(
            vocab_size=self.vocab_size,
            boundary_id=self.boundary_id,
            start_id=self.sentence_start_id,
            never_ids=self.never_ids,
            line_end_ids=tuple(self.line_end_ids.tolist()),
        )

    @abstractmethod
    def encode(self, text: str) -> Encoding:
        """Return the token ids of a text.

        Args:
            text: The text.

        Returns:
            The ids, which of them are unknown, and how many characters are lost.

        Raises:
            DataError: The text cannot be encoded.
        """

    @abstractmethod
    def offsets(self, text: str) -> Offsets:
        """Return where the tokens of a text begin and end, in characters.

        Args:
            text: A text without reserved symbols; see `without_markers`.

        Returns:
            First and last + 1 character of each token that `encode` returns, (num_tokens, 2). A
            token that has only a part of a character begins and ends with that character.

        Raises:
            DataError: The text cannot be encoded.
        """

    def without_markers(self, text: str, *, name: str = "the text", first_line: int = 1) -> str:
        """Return a text without the reserved symbols that `encode` ignores.

        A tokenizer without reserved symbols returns the text unchanged.

        Args:
            text: A text that starts at the start of a line.
            name: Name of the text in error messages.
            first_line: Number of its first line.

        Raises:
            DataError: The text contains a reserved symbol that is not ignored; the message names
                the line.
        """
        return text

    def __call__(self, text: str) -> Encoding:
        """Return the token ids of a text; the same as `encode`."""
        return self.encode(text)

    def __len__(self) -> int:
        """Number of token ids, special ones included."""
        return self.vocab_size

    def decode(
        self, token_ids: Encoding | Integer[np.ndarray, " num_tokens"] | Iterable[int]
    ) -> str:
        """Return the text of token ids; special tokens have no text.

        Args:
            token_ids: Ids, or what `encode` returned.

        Decoding restores what `encode` keeps of a text. A word-level tokenizer writes one blank
        between words.

        Raises:
            VocabularyError: An id is not in the vocabulary.
        """
        decoder = self.stream_decoder()
        # Converting an array at once is much faster than converting each element.
        token_ids = token_ids.ids if isinstance(token_ids, Encoding) else token_ids
        numbers = token_ids.tolist() if isinstance(token_ids, np.ndarray) else token_ids
        parts = [decoder.feed(token_id) for token_id in numbers]
        return "".join([*parts, decoder.flush()])

    @abstractmethod
    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder that takes one id at a time; the parts joined equal `decode`."""

    def count_lost(self, text: str) -> int:
        """Return how many characters of a text are lost when it is encoded and decoded."""
        return count_lost(text, self.decode(self.encode(text).ids))

    @abstractmethod
    def token_text(self, token_id: int) -> str:
        """Return the text of one token for display.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one token within a text; none if they are not known.

        They can be part of a character. This implementation encodes `token_text`.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        return self.token_text(token_id).encode("utf-8", errors="surrogateescape")

    @abstractmethod
    def id_of(self, token_text: str) -> int:
        """Return the id of a token by its text, as returned by `token_text`.

        Raises:
            VocabularyError: No token has this text; the help suggests the nearest one.
        """

    def as_forward(self) -> "Tokenizer":
        """Return the tokenizer with the same vocabulary that encodes lines in reading order."""
        return self

    def merged_pairs(self) -> dict[int, tuple[int, int]] | None:
        """Return the pairs of ids that merges join, by the id of the merged token.

        Returns:
            Pairs in the order of the merges; None for a tokenizer that does not merge tokens.
        """
        return None

    @abstractmethod
    def to_json(self) -> str:
        """Return the content of a `tokenizer.json`, which Hugging Face `tokenizers` loads."""

    def save(self, path: Path) -> None:
        """Write the `tokenizer.json` to a file, atomically."""
        write_bytes(path, self.to_json().encode("utf-8"))
