"""The tokenizer: one vocabulary and what can be done with it. Knows nothing of models."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Integer

from nextword.base import ConfigError, FormatError, VocabularyError, nearest_name, write_bytes
from nextword.tokens.config import TokenizerKind
from nextword.tokens.decoding import StreamDecoder, checked_id, make_decoder, token_bytes
from nextword.tokens.encoders import (
    BpeEncoder,
    ByteEncoder,
    CharacterEncoder,
    Encoder,
    Encoding,
    WordEncoder,
)
from nextword.tokens.layout import Vocabulary, build
from nextword.tokens.losses import count_lost
from nextword.tokens.markers import Markers, remove_markers
from nextword.tokens.specials import (
    NUM_SPECIAL_TOKENS,
    PAD_ID,
    SENTENCE_END_ID,
    SENTENCE_START_ID,
    UNKNOWN_ID,
)
from nextword.tokens.tokenizer_json import read_vocabulary, write_vocabulary
from nextword.tokens.vocabulary_spec import VocabularySpec


class Tokenizer:
    """Turns text into ids and back; made by `train_tokenizer`, `from_json` or `load`.

    Attributes:
        kind: `word`, `character`, `byte` or `bpe`.
        closed: Whether a literal `<unk>` in the text is an ordinary word.
        markers: What becomes of reserved symbols in a text; see `TokenizerConfig`.
        vocab_size: Number of tokens, the four special ones included.
        pad_id: 0, never in a text.
        unknown_id: 1, what words outside the vocabulary become.
        sentence_start_id: 2, never in a text.
        sentence_end_id: 3, the line end of kind `word`.
        boundary_id: What a model reads before the first token of a text: the line end for kind
            `word`, else the sentence start.
        never_ids: Ids that are never to be predicted.
        is_lossless: Whether `decode` gives back every text without unknown characters.
        line_end_ids: Sorted ids after which a line ends.
        fingerprint: sha256 of all that decides the ids of a text.
    """

    pad_id = PAD_ID
    unknown_id = UNKNOWN_ID
    sentence_start_id = SENTENCE_START_ID
    sentence_end_id = SENTENCE_END_ID
    never_ids: tuple[int, ...] = (PAD_ID, SENTENCE_START_ID)
    markers: Markers = "refuse"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._encoder = _make_encoder(vocabulary)
        self._values = _values_of(vocabulary)
        self._texts = _texts_of(vocabulary, self._values)
        self._ids_by_text: dict[str, int] = {}
        self.kind: TokenizerKind = vocabulary.kind
        self.closed = vocabulary.closed
        self.markers = vocabulary.markers
        self.is_lossless = self.kind != "word"
        self.vocab_size = len(vocabulary.tokens)
        self.boundary_id = SENTENCE_END_ID if self.kind == "word" else SENTENCE_START_ID
        self.line_end_ids: Int64[np.ndarray, " num_line_ends"] = self._find_line_ends()
        self.fingerprint = _fingerprint(vocabulary)

    @property
    def vocabulary_spec(self) -> VocabularySpec:
        """Size and special ids of the vocabulary: what a model is built from."""
        return VocabularySpec(
            vocab_size=self.vocab_size,
            boundary_id=self.boundary_id,
            start_id=self.sentence_start_id,
            never_ids=self.never_ids,
        )

    def __repr__(self) -> str:
        return f"Tokenizer(kind={self.kind!r}, vocab_size={self.vocab_size})"

    def encode(self, text: str) -> Encoding:
        r"""Return the ids of a text, and which of them stand for something unknown.

        Cutting a text after a newline and encoding the parts gives the same ids. A literal `<s>`
        is never the special token.

        Raises:
            DataError: The text holds a surrogate that stands for no byte (kinds `byte`, `bpe`),
                or a reserved symbol as a word (kind `word`; see `without_markers`).
        """
        return self._encoder.encode(self.without_markers(text))

    def without_markers(self, text: str, *, name: str = "the text", first_line: int = 1) -> str:
        """Return what is encoded of a text: all but the reserved symbols that `markers` removes.

        For kinds other than `word` that is the whole text.

        Args:
            text: Any text that begins at the beginning of a line.
            name: What the text is called in the error.
            first_line: The number of its first line.

        Raises:
            DataError: A reserved symbol is left; the message names the line.
        """
        if self.kind != "word":
            return text
        return remove_markers(text, self.markers, name=name, first_line=first_line)

    def decode(self, token_ids: Integer[np.ndarray, " num_tokens"] | Iterable[int]) -> str:
        """Return the text of ids.

        Exact for what `encode` knew of a text, but that kind `word` writes one blank between
        words. `<pad>`, `<s>` and, but for kind `word`, `</s>` print nothing.

        Raises:
            VocabularyError: The vocabulary has no such id.
        """
        decoder = self.stream_decoder()
        # One conversion of an array is much faster than one of each element.
        numbers = token_ids.tolist() if isinstance(token_ids, np.ndarray) else token_ids
        parts = [decoder.feed(token_id) for token_id in numbers]
        return "".join([*parts, decoder.flush()])

    def count_lost(self, text: str) -> int:
        """Encode a text, decode it, and return how many characters do not come back."""
        return count_lost(text, self.decode(self.encode(text).ids))

    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder for ids that come one at a time; its pieces joined are `decode`."""
        return make_decoder(self.kind, tokens=self._vocabulary.tokens, values=self._values)

    def token_text(self, token_id: int) -> str:
        """Return a token for display: its text, or `<0x0A>`-like bytes where those are no text.

        Raises:
            VocabularyError: The vocabulary has no such id.
        """
        return self._texts[checked_id(token_id, self.vocab_size)]

    def id_of(self, token_text: str) -> int:
        """Return the id of a token by its text, as `token_text` shows it.

        Raises:
            VocabularyError: No token has this text; the nearest one is suggested.
        """
        if not self._ids_by_text:
            # Backwards, so that of two tokens shown alike the first one is found.
            pairs = reversed(list(enumerate(self._texts)))
            self._ids_by_text = {text: number for number, text in pairs}
        if token_text in self._ids_by_text:
            return self._ids_by_text[token_text]
        nearest = nearest_name(token_text, self._similar(token_text))
        raise VocabularyError(
            f"{token_text!r} is not a token of this {self.kind} vocabulary of {self.vocab_size:,}.",
            help=f"Did you mean {nearest!r}?" if nearest is not None else "",
        )

    def with_words(self, words: Iterable[str]) -> "Tokenizer":
        """Return a tokenizer that knows more words; those it knows keep their ids.

        Raises:
            ConfigError: The tokens are not words.
            FormatError: One of them is known already, or can be no word of a text.
        """
        if self.kind != "word":
            raise ConfigError(f"a {self.kind} tokenizer takes no words; it knows every text.")
        tokens = (*self._vocabulary.tokens, *words)
        larger = replace(self._vocabulary, tokens=tokens)
        return Tokenizer(read_vocabulary(write_vocabulary(larger)))

    def to_json(self) -> str:
        """Return the tokenizer as the text of a `tokenizer.json`, which Hugging Face loads too."""
        return write_vocabulary(self._vocabulary)

    @classmethod
    def from_json(cls, text: str) -> "Tokenizer":
        """Read a tokenizer from the text of a `tokenizer.json`.

        Raises:
            FormatError: The text is damaged or no tokenizer of ours.
        """
        return cls(read_vocabulary(text))

    def save(self, path: Path) -> None:
        """Write the tokenizer to a file, atomically."""
        write_bytes(path, self.to_json().encode("utf-8"))

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a tokenizer from a file.

        Raises:
            FormatError: The file is missing, damaged or no tokenizer of ours.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise FormatError(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise FormatError(f"{path} is not UTF-8, so it is no tokenizer.") from error
        except FormatError as error:
            raise FormatError(f"{path}: {error.message}", help=error.help) from error

    def _find_line_ends(self) -> Int64[np.ndarray, " num_line_ends"]:
        if self.kind == "word":
            return np.array([SENTENCE_END_ID], dtype=np.int64)
        values = self._values or [text.encode("utf-8") for text in self._texts]
        ends = [number for number, value in enumerate(values) if value.endswith(b"\n")]
        return np.array(ends, dtype=np.int64)

    def _similar(self, text: str) -> list[str]:
        """Return tokens of about the same length: comparing with all of them takes seconds."""
        return [
            token
            for token in self._ids_by_text
            if abs(len(token) - len(text)) <= 2 and token[:1] == text[:1]
        ]


def _make_encoder(vocabulary: Vocabulary) -> Encoder:
    if vocabulary.kind == "word":
        return WordEncoder(vocabulary.tokens, closed=vocabulary.closed, layout=vocabulary.layout)
    if vocabulary.kind == "character":
        return CharacterEncoder(vocabulary.tokens)
    if vocabulary.kind == "byte":
        return ByteEncoder()
    return BpeEncoder(build(vocabulary), layout=vocabulary.layout)


def _values_of(vocabulary: Vocabulary) -> list[bytes]:
    """Return the bytes of each token; empty for kinds whose tokens are text already."""
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


def _fingerprint(vocabulary: Vocabulary) -> str:
    """Hash what decides the ids, not the file: other versions of `tokenizers` write it anew."""
    content: list[object] = [
        vocabulary.kind,
        vocabulary.closed,
        list(vocabulary.tokens),
        [list(pair) for pair in vocabulary.merges],
    ]
    if vocabulary.layout > 1 and vocabulary.kind in ("word", "bpe"):
        content += [vocabulary.layout, vocabulary.markers]
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()
