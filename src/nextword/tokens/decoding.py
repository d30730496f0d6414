"""Decode token ids to text, one id at a time. Knows nothing of models or of files."""

import codecs
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from nextword.base import VocabularyError
from nextword.tokens.vocabularies import (
    NUM_SPECIAL_TOKENS,
    SENTENCE_END_ID,
    UNKNOWN_ID,
    UNKNOWN_TOKEN,
    Split,
    TokenizerKind,
    byte_alphabet,
    is_blank_between,
)


@runtime_checkable
class StreamDecoder(Protocol):
    """Decodes token ids incrementally; the parts of the text joined equal the whole text."""

    def feed(self, token_id: int) -> str:
        """Return the text that is complete after this id; may be empty.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        ...

    def flush(self) -> str:
        """Return the remaining text, and reset the decoder to the start of a text."""
        ...


def token_bytes(tokens: Sequence[str]) -> list[bytes]:
    """Return the bytes of each byte-level token; special tokens have none.

    The exception is `<unk>`, which decodes to its name, so it is visible in generated text.
    """
    values = {sign: bytes([byte]) for byte, sign in enumerate(byte_alphabet())}
    specials = [b""] * NUM_SPECIAL_TOKENS
    specials[UNKNOWN_ID] = UNKNOWN_TOKEN.encode("utf-8")
    own = (b"".join(values[sign] for sign in token) for token in tokens[NUM_SPECIAL_TOKENS:])
    return [*specials, *own]


def make_decoder(
    kind: TokenizerKind,
    *,
    tokens: Sequence[str],
    values: Sequence[bytes],
    split: Split = "whitespace",
) -> StreamDecoder:
    """Return a decoder at the start of a text.

    Args:
        kind: Kind of the tokenizer.
        tokens: Tokens in the order of their ids; used for `word` and `character`.
        values: Bytes of each token from `token_bytes`; used for `byte` and `bpe`.
        split: How kind `word` splits a text.
    """
    if kind == "word":
        return _WordDecoder(tokens, is_split=split == "words")
    if kind == "character":
        return _CharacterDecoder(tokens)
    return _ByteDecoder(values, errors=_DECODING_ERRORS[kind])


#: Bytes that are not UTF-8 are decoded to surrogates (`byte`) or to U+FFFD (`bpe`).
_DECODING_ERRORS: dict[TokenizerKind, str] = {"byte": "surrogateescape", "bpe": "replace"}


def checked_id(token_id: int, vocab_size: int) -> int:
    """Return the id if it is in the vocabulary.

    Raises:
        VocabularyError: The id is negative or at least `vocab_size`.
    """
    if 0 <= token_id < vocab_size:
        return token_id
    raise VocabularyError(
        f"there is no token {token_id}: the vocabulary holds ids 0 to {vocab_size - 1}."
    )


class _WordDecoder:
    """Writes a blank between words and a newline for each sentence end, without blanks around.

    If words are split from punctuation, there is no blank before a comma or after a bracket.
    """

    def __init__(self, tokens: Sequence[str], *, is_split: bool = False) -> None:
        self._tokens = tokens
        self._is_split = is_split
        self._before = ""

    def feed(self, token_id: int) -> str:
        checked_id(token_id, len(self._tokens))
        if token_id == SENTENCE_END_ID:
            self._before = ""
            return "\n"
        if token_id < NUM_SPECIAL_TOKENS and token_id != UNKNOWN_ID:
            return ""
        before, word = self._before, self._tokens[token_id]
        self._before = word
        is_joined = self._is_split and bool(before) and not is_blank_between(before, word)
        return word if not before or is_joined else " " + word

    def flush(self) -> str:
        self._before = ""
        return ""


class _CharacterDecoder:
    """Writes each character."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens

    def feed(self, token_id: int) -> str:
        checked_id(token_id, len(self._tokens))
        if token_id < NUM_SPECIAL_TOKENS and token_id != UNKNOWN_ID:
            return ""
        return self._tokens[token_id]

    def flush(self) -> str:
        return ""


class _ByteDecoder:
    """Decodes bytes as UTF-8 and holds back an incomplete character."""

    def __init__(self, values: Sequence[bytes], *, errors: str) -> None:
        self._values = values
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors=errors)

    def feed(self, token_id: int) -> str:
        return self._decoder.decode(self._values[checked_id(token_id, len(self._values))])

    def flush(self) -> str:
        return self._decoder.decode(b"", final=True)
