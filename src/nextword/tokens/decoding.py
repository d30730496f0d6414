"""From ids to text, a token at a time. Knows nothing of models or of files.

A decoder gives text as soon as it is certain: the pieces joined are the text of the whole.
"""

import codecs
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from nextword.base import VocabularyError
from nextword.tokens.vocabularies import (
    NUM_SPECIAL_TOKENS,
    SENTENCE_END_ID,
    UNKNOWN_ID,
    UNKNOWN_TOKEN,
    TokenizerKind,
    byte_alphabet,
)


@runtime_checkable
class StreamDecoder(Protocol):
    """Turns ids into text as they come."""

    def feed(self, token_id: int) -> str:
        """Return the text that this id makes certain; may be empty.

        Raises:
            VocabularyError: The vocabulary has no such id.
        """
        ...

    def flush(self) -> str:
        """Return what is left at the end, and stand at the beginning of a text again."""
        ...


def token_bytes(tokens: Sequence[str]) -> list[bytes]:
    """Return the bytes each byte-level token stands for; special tokens stand for none.

    `<unk>` alone stands for its own name, so that it can be seen when a model writes it.
    """
    values = {sign: bytes([byte]) for byte, sign in enumerate(byte_alphabet())}
    specials = [b""] * NUM_SPECIAL_TOKENS
    specials[UNKNOWN_ID] = UNKNOWN_TOKEN.encode("utf-8")
    own = (b"".join(values[sign] for sign in token) for token in tokens[NUM_SPECIAL_TOKENS:])
    return [*specials, *own]


def make_decoder(
    kind: TokenizerKind, *, tokens: Sequence[str], values: Sequence[bytes]
) -> StreamDecoder:
    """Return a decoder that stands at the beginning of a text.

    Args:
        kind: The tokenizer's kind.
        tokens: Names in the order of their ids; used for `word` and `character`.
        values: What `token_bytes` gives; used for `byte` and `bpe`.
    """
    if kind == "word":
        return _WordDecoder(tokens)
    if kind == "character":
        return _CharacterDecoder(tokens)
    return _ByteDecoder(values, errors=_DECODING_ERRORS[kind])


#: What becomes of bytes that are not UTF-8: kept as surrogates, or shown as U+FFFD.
_DECODING_ERRORS: dict[TokenizerKind, str] = {"byte": "surrogateescape", "bpe": "replace"}


def checked_id(token_id: int, vocab_size: int) -> int:
    """Return the id back if the vocabulary has it.

    Raises:
        VocabularyError: It has not.
    """
    if 0 <= token_id < vocab_size:
        return token_id
    raise VocabularyError(
        f"there is no token {token_id}: the vocabulary holds ids 0 to {vocab_size - 1}."
    )


class _WordDecoder:
    """Blanks between words, a newline for each sentence end, no blank at either side of it."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at_line_start = True

    def feed(self, token_id: int) -> str:
        checked_id(token_id, len(self._tokens))
        if token_id == SENTENCE_END_ID:
            self._at_line_start = True
            return "\n"
        if token_id < NUM_SPECIAL_TOKENS and token_id != UNKNOWN_ID:
            return ""
        blank = "" if self._at_line_start else " "
        self._at_line_start = False
        return blank + self._tokens[token_id]

    def flush(self) -> str:
        self._at_line_start = True
        return ""


class _CharacterDecoder:
    """The characters one after the other."""

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
    """The bytes as UTF-8, held back while a character is not complete."""

    def __init__(self, values: Sequence[bytes], *, errors: str) -> None:
        self._values = values
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors=errors)

    def feed(self, token_id: int) -> str:
        return self._decoder.decode(self._values[checked_id(token_id, len(self._values))])

    def flush(self) -> str:
        return self._decoder.decode(b"", final=True)
