"""The tokenizers that nextword trains: word, character, byte and BPE. Knows nothing of models."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from nextword.base import ConfigError, FormatError, require_text
from nextword.tokens.backward import BackwardDecoder, reverse_lines, reversed_positions
from nextword.tokens.decoding import StreamDecoder, checked_id, make_decoder, token_bytes
from nextword.tokens.encoders import (
    BpeEncoder,
    ByteEncoder,
    CharacterEncoder,
    Encoder,
    Encoding,
    NormalizedWordEncoder,
    WordEncoder,
)
from nextword.tokens.offsets import (
    Offsets,
    byte_offsets,
    character_offsets,
    word_offsets,
)
from nextword.tokens.token_texts import TokenTexts
from nextword.tokens.tokenizer import Tokenizer, TokenUnit
from nextword.tokens.vocabularies import (
    NUM_SPECIAL_TOKENS,
    PAD_ID,
    SENTENCE_END_ID,
    SENTENCE_START_ID,
    UNKNOWN_ID,
    Markers,
    TextSplitter,
    TokenizerKind,
    Vocabulary,
    build,
    merged_pairs,
    read_vocabulary,
    remove_markers,
    write_vocabulary,
)


class VocabularyTokenizer(Tokenizer):
    """A word, character, byte or BPE tokenizer.

    Create one with `train_tokenizer`, `from_json` or `load`.

    Args:
        vocabulary: Kind, tokens and merges.

    Attributes:
        kind: `word`, `character`, `byte` or `bpe`.
        markers: How reserved symbols in a text are handled; see `TokenizerConfig`.
        pad_id: 0; never in a text.
        unknown_id: 1; the id of words and characters outside the vocabulary.
        sentence_start_id: 2; never in a text.
        sentence_end_id: 3; the line end of kind `word`.
        boundary_id: `sentence_end_id` for kind `word`, else `sentence_start_id`.
        never_ids: `pad_id` and `sentence_start_id`.
        banned_ids: `unknown_id` unless the vocabulary is closed, and `sentence_end_id` unless it
            is the line end.
    """

    pad_id = PAD_ID
    unknown_id = UNKNOWN_ID
    sentence_start_id = SENTENCE_START_ID
    sentence_end_id = SENTENCE_END_ID
    never_ids: tuple[int, ...] = (PAD_ID, SENTENCE_START_ID)

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._encoder = _make_encoder(vocabulary)
        self._values = _values_of(vocabulary)
        texts = _texts_of(vocabulary, self._values)
        self._texts = TokenTexts(texts, kind=vocabulary.kind)
        self.kind: TokenizerKind = vocabulary.kind
        self.markers: Markers = vocabulary.markers
        self.unit: TokenUnit = "subword" if vocabulary.kind == "bpe" else vocabulary.kind
        self.is_word_level = self.has_line_end_token = vocabulary.kind == "word"
        self.has_closed_vocabulary = vocabulary.closed
        self.has_learned_vocabulary = vocabulary.kind != "byte"
        self.counts_words = self.is_word_level and vocabulary.split == "whitespace"
        self.is_defined_by_tokens = vocabulary.kind != "bpe"
        self.is_lossless = vocabulary.kind != "word"
        self.is_lowercase = vocabulary.lowercase
        self.is_backward = vocabulary.direction == "backward"
        self.vocab_size = len(vocabulary.tokens)
        self.boundary_id = SENTENCE_END_ID if self.has_line_end_token else SENTENCE_START_ID
        self.banned_ids = _banned_ids(vocabulary)
        self.line_end_ids: Int64[np.ndarray, " num_line_ends"] = (
            np.array([SENTENCE_END_ID], dtype=np.int64)
            if self.has_line_end_token
            else _newline_ids(self._values or [text.encode("utf-8") for text in texts])
        )
        self.fingerprint = _fingerprint(vocabulary)

    def __repr__(self) -> str:
        direction = ", direction='backward'" if self.is_backward else ""
        return f"VocabularyTokenizer(kind={self.kind!r}, vocab_size={self.vocab_size}{direction})"

    @property
    def description(self) -> str:
        """Kind, vocabulary size, for kind `word` also open or closed, and `backward` if it is."""
        size = str(self.vocab_size)
        if self.kind == "word":
            size += ", closed" if self.has_closed_vocabulary else ", open"
            size += ", punctuation split" if self._vocabulary.split == "words" else ""
            size += ", lower case" if self._vocabulary.lowercase else ""
        if self.is_backward:
            size += ", backward"
        return f"{self.kind} ({size})"

    def encode(self, text: str) -> Encoding:
        r"""Return the token ids of a text.

        A text split after a newline and encoded in parts gives the same ids. A literal `<s>` never
        becomes the special token. The tokens of each line are in reverse order if the tokenizer
        is a backward one.

        Args:
            text: The text.

        Returns:
            The ids, which of them are unknown, and how many characters are lost.

        Raises:
            ConfigError: The text is not one string.
            DataError: The text contains a surrogate that represents no byte (kinds `byte` and
                `bpe`), or a reserved symbol as a word (kind `word`; see `without_markers`).
        """
        require_text("text", text)
        encoding = self._encoder.encode(self.without_markers(text))
        return reverse_lines(encoding, self.line_end_ids) if self.is_backward else encoding

    def offsets(self, text: str) -> Offsets:
        """Return where the tokens of a text begin and end, in characters, (num_tokens, 2).

        Args:
            text: A text without reserved symbols; see `without_markers`.

        Raises:
            DataError: The text cannot be encoded; see `encode`.
        """
        encoding = self._encoder.encode(text)
        if self.kind == "word":
            found = self._word_offsets(text)
        elif self.kind == "character":
            found = character_offsets(text)
        else:
            found = byte_offsets(text, (len(self._values[number]) for number in encoding.ids))
        if self.is_backward:
            found = found[reversed_positions(np.isin(encoding.ids, self.line_end_ids))]
        return found

    def _word_offsets(self, text: str) -> Offsets:
        if self._vocabulary.split == "whitespace":
            return word_offsets(text, self._vocabulary.layout)
        spans = [span for _, span in TextSplitter(lowercase=self._vocabulary.lowercase).split(text)]
        return np.array(spans, dtype=np.int64).reshape(-1, 2)

    def without_markers(self, text: str, *, name: str = "the text", first_line: int = 1) -> str:
        """Return a text without the reserved symbols that `markers` removes.

        Kinds other than `word` have no reserved symbols; they return the text unchanged.

        Args:
            text: A text that starts at the start of a line.
            name: Name of the text in error messages.
            first_line: Number of its first line.

        Raises:
            DataError: The text contains a reserved symbol that `markers` does not remove; the
                message names the line.
        """
        if self.kind != "word":
            return text
        return remove_markers(text, self.markers, name=name, first_line=first_line)

    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder that takes one id at a time.

        That of a backward tokenizer returns the text of each line when the line is complete.
        """
        decoder = make_decoder(
            self.kind,
            tokens=self._vocabulary.tokens,
            values=self._values,
            split=self._vocabulary.split,
        )
        if not self.is_backward:
            return decoder
        return BackwardDecoder(decoder, line_end_ids=self.line_end_ids, vocab_size=self.vocab_size)

    def token_text(self, token_id: int) -> str:
        """Return the text of one token; bytes that are not UTF-8 are shown as `<0x0A>`.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        return self._texts.text(token_id)

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one token; they can be part of a character.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        if self._values:
            return self._values[checked_id(token_id, self.vocab_size)]
        return super().token_bytes(token_id)

    def id_of(self, token_text: str) -> int:
        """Return the id of a token by its text, as returned by `token_text`.

        Raises:
            VocabularyError: No token has this text; the help suggests the nearest one.
        """
        return self._texts.id_of(token_text)

    def as_forward(self) -> "VocabularyTokenizer":
        """Return the tokenizer with the same vocabulary that encodes lines in reading order."""
        if not self.is_backward:
            return self
        return VocabularyTokenizer(replace(self._vocabulary, direction="forward"))

    def merged_pairs(self) -> dict[int, tuple[int, int]] | None:
        """Return the pairs of ids that merges join, by the id of the merged token.

        Returns:
            Pairs in the order of the merges; None for kinds other than `bpe`.
        """
        if self.kind != "bpe":
            return None
        ids = {token: number for number, token in enumerate(self._vocabulary.tokens)}
        return merged_pairs(ids, self._vocabulary.merges)

    def with_words(self, words: Iterable[str]) -> "VocabularyTokenizer":
        """Return a tokenizer with additional words; existing words keep their ids.

        Args:
            words: New words, in the order of their ids.

        Raises:
            ConfigError: The tokenizer is not of kind `word`.
            FormatError: A word is already in the vocabulary, or is not a word.
        """
        if self.kind != "word":
            raise ConfigError(f"a {self.kind} tokenizer takes no words; it knows every text.")
        tokens = (*self._vocabulary.tokens, *words)
        larger = replace(self._vocabulary, tokens=tokens)
        return VocabularyTokenizer(read_vocabulary(write_vocabulary(larger)))

    def to_json(self) -> str:
        """Return the content of a `tokenizer.json`, which Hugging Face `tokenizers` loads.

        Hugging Face encodes lines in reading order, also with the file of a backward tokenizer.
        """
        return write_vocabulary(self._vocabulary)

    @classmethod
    def from_json(cls, text: str) -> "VocabularyTokenizer":
        """Create a tokenizer from the content of a `tokenizer.json`.

        Raises:
            FormatError: The content is damaged or was not written by nextword.
        """
        return cls(read_vocabulary(text))

    @classmethod
    def load(cls, path: Path) -> "VocabularyTokenizer":
        """Load a tokenizer from a `tokenizer.json` file.

        Raises:
            FormatError: The file is missing, damaged or was not written by nextword.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FormatError(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise FormatError(f"{path} is not UTF-8, so it is not a tokenizer.") from error
        except FormatError as error:
            raise FormatError(f"{path}: {error.message}", help=error.help) from error


def _make_encoder(vocabulary: Vocabulary) -> Encoder:
    if vocabulary.kind == "word" and (vocabulary.lowercase or vocabulary.split == "words"):
        return NormalizedWordEncoder(
            vocabulary.tokens,
            closed=vocabulary.closed,
            split=vocabulary.split,
            lowercase=vocabulary.lowercase,
        )
    if vocabulary.kind == "word":
        return WordEncoder(vocabulary.tokens, closed=vocabulary.closed, layout=vocabulary.layout)
    if vocabulary.kind == "character":
        return CharacterEncoder(vocabulary.tokens)
    if vocabulary.kind == "byte":
        return ByteEncoder()
    forward = replace(vocabulary, direction="forward")
    return BpeEncoder(build(forward), layout=vocabulary.layout)


def _values_of(vocabulary: Vocabulary) -> list[bytes]:
    """Return the bytes of each token; an empty list for kinds `word` and `character`."""
    return [] if vocabulary.kind in ("word", "character") else token_bytes(vocabulary.tokens)


def _texts_of(vocabulary: Vocabulary, values: list[bytes]) -> list[str]:
    tokens = list(vocabulary.tokens)
    if not values:
        return tokens
    return [*tokens[:NUM_SPECIAL_TOKENS], *map(_shown, values[NUM_SPECIAL_TOKENS:])]


def _shown(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in value)


def _banned_ids(vocabulary: Vocabulary) -> tuple[int, ...]:
    unknown = () if vocabulary.closed else (UNKNOWN_ID,)
    return unknown if vocabulary.kind == "word" else (*unknown, SENTENCE_END_ID)


def _newline_ids(values: Iterable[bytes]) -> Int64[np.ndarray, " num_line_ends"]:
    ends = [number for number, value in enumerate(values) if value.endswith(b"\n")]
    return np.array(ends, dtype=np.int64)


def _fingerprint(vocabulary: Vocabulary) -> str:
    """Hash what determines the ids, not the file: other versions of `tokenizers` reformat it."""
    content: list[object] = [
        vocabulary.kind,
        vocabulary.closed,
        list(vocabulary.tokens),
        [list(pair) for pair in vocabulary.merges],
    ]
    if vocabulary.layout > 1 and vocabulary.kind in ("word", "bpe"):
        content += [vocabulary.layout, vocabulary.markers]
    if vocabulary.split != "whitespace" or vocabulary.lowercase:
        content += [vocabulary.split, vocabulary.lowercase]
    if vocabulary.direction == "backward":
        content.append(vocabulary.direction)
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()
