"""Encode text to token ids; one class for each kind. Knows nothing of files or of training.

Each encoder returns the ids that Hugging Face returns for the `tokenizer.json`. The look-ups here
are several times faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from operator import eq
from typing import Protocol, runtime_checkable

import numpy as np
import tokenizers
from jaxtyping import Bool, Int64

from nextword.tokens.losses import count_blanks_lost
from nextword.tokens.text_counts import utf8_bytes
from nextword.tokens.vocabularies import (
    LATEST_LAYOUT,
    LINE_PART_CHARACTERS,
    NUM_SPECIAL_TOKENS,
    SENTENCE_END_ID,
    SURROGATE,
    UNKNOWN_ID,
    UNKNOWN_TOKEN,
    Layout,
    Split,
    TextSplitter,
    byte_alphabet,
    count_gaps_lost,
    fold_word,
    lowered,
    split_words,
    unfold_word,
)

_ABSENT = -1
_NUM_CODE_POINTS = 0x110000
_GROUP_CHARACTERS = 2 * LINE_PART_CHARACTERS

#: Words whose ids are kept, so that each is looked up in lower case once.
_MOST_FOUND = 1 << 20

#: A byte that never occurs in UTF-8; it represents a line end among the words.
_LINE_END = b"\xff"


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoding:
    """The token ids of a text.

    Attributes:
        ids: Token ids, (num_tokens).
        unknown: True where the word or character is out of vocabulary, (num_tokens). A literal
            `<unk>` is not unknown if the vocabulary is closed, although it has the same id.
        num_characters_lost: Characters of the text that cannot be restored from the ids, without
            those of unknown tokens.
    """

    ids: Int64[np.ndarray, " num_tokens"]
    unknown: Bool[np.ndarray, " num_tokens"]
    num_characters_lost: int = 0

    def __len__(self) -> int:
        """Number of tokens."""
        return len(self.ids)


@runtime_checkable
class Encoder(Protocol):
    """Converts text to token ids."""

    def encode(self, text: str) -> Encoding:
        """Return the token ids of a text."""
        ...


class WordEncoder:
    """Encodes words, as split by `split_words`, and line ends.

    Args:
        tokens: Tokens in the order of their ids.
        closed: Whether a literal `<unk>` is an ordinary word.
        layout: Version of the rule that splits words.
    """

    def __init__(
        self, tokens: Sequence[str], *, closed: bool, layout: Layout = LATEST_LAYOUT
    ) -> None:
        self._layout = layout
        words = enumerate(tokens[NUM_SPECIAL_TOKENS:], start=NUM_SPECIAL_TOKENS)
        self._ids = {fold_word(word.encode("utf-8"), layout): number for number, word in words}
        self._ids[_LINE_END] = SENTENCE_END_ID
        if closed:
            self._ids[UNKNOWN_TOKEN.encode("utf-8")] = UNKNOWN_ID

    def encode(self, text: str) -> Encoding:
        """Return the ids of the words and line ends of a text."""
        data = text.encode("utf-8", errors="surrogatepass")
        words = split_words(data.replace(b"\n", b" " + _LINE_END + b" "), self._layout)
        found = map(self._ids.get, words, repeat(_ABSENT))
        ids = np.fromiter(found, dtype=np.int64, count=len(words))
        return _with_unknown(ids, num_characters_lost=count_blanks_lost(data, words, token_ids=ids))


class NormalizedWordEncoder:
    """Encodes words in lower case, or split from punctuation, and line ends.

    Args:
        tokens: Tokens in the order of their ids.
        closed: Whether a literal `<unk>` is an ordinary word.
        split: How the text is split; see `TokenizerConfig`.
        lowercase: Whether words are read in lower case.
    """

    def __init__(
        self, tokens: Sequence[str], *, closed: bool, split: Split, lowercase: bool
    ) -> None:
        self._splitter = TextSplitter(lowercase=lowercase) if split == "words" else None
        ids = dict(zip(tokens[NUM_SPECIAL_TOKENS:], count(NUM_SPECIAL_TOKENS)))
        ids["\n"] = SENTENCE_END_ID
        if closed:
            ids[UNKNOWN_TOKEN] = UNKNOWN_ID
        self._found = _FoundWords(ids, lowercase=lowercase)

    def encode(self, text: str) -> Encoding:
        """Return the ids of the words and line ends of a text."""
        words, num_blanks_lost = self._words(text)
        found = [self._found[word] for word in words]
        ids = np.fromiter((number for number, _ in found), dtype=np.int64, count=len(found))
        lost = num_blanks_lost + sum(number for _, number in found)
        return _with_unknown(ids, num_characters_lost=lost)

    def _words(self, text: str) -> tuple[list[str], int]:
        """Return the words of a text, and the amount of white space that decoding changes."""
        if self._splitter is not None:
            pieces = self._splitter.split(text)
            words = [text[start:end] for _, (start, end) in pieces]
            return words, count_gaps_lost(text, pieces)
        data = text.encode("utf-8", errors="surrogatepass")
        found = split_words(data.replace(b"\n", b" " + _LINE_END + b" "))
        is_end = np.fromiter((word == _LINE_END for word in found), dtype=np.bool_)
        ids = np.where(is_end, SENTENCE_END_ID, _ABSENT).astype(np.int64)
        lost = count_blanks_lost(data, found, token_ids=ids)
        words = [
            "\n" if end else unfold_word(word, LATEST_LAYOUT).decode("utf-8", "surrogatepass")
            for word, end in zip(found, is_end.tolist(), strict=True)
        ]
        return words, lost


class _FoundWords(dict[str, tuple[int, int]]):
    """The id of each word that was looked up, and how many of its letters lower case changes."""

    def __init__(self, ids: dict[str, int], *, lowercase: bool) -> None:
        super().__init__()
        self._ids, self._lowercase = ids, lowercase

    def __missing__(self, word: str) -> tuple[int, int]:
        form = lowered(word) if self._lowercase and not SURROGATE.search(word) else word
        number = self._ids.get(form, _ABSENT)
        changed = max(len(word), len(form)) - sum(map(eq, word, form))
        found = (number, 0 if number == _ABSENT else changed)
        if len(self) < _MOST_FOUND:
            self[word] = found
        return found


class CharacterEncoder:
    """Encodes each code point, newlines included.

    Args:
        tokens: Tokens in the order of their ids.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._table = np.full(_NUM_CODE_POINTS, _ABSENT, dtype=np.int32)
        for number, character in enumerate(tokens[NUM_SPECIAL_TOKENS:], start=NUM_SPECIAL_TOKENS):
            self._table[ord(character)] = number

    def encode(self, text: str) -> Encoding:
        """Return the ids of the code points of a text."""
        data = text.encode("utf-32-le", errors="surrogatepass")
        found = self._table[np.frombuffer(data, dtype="<u4")]
        return _with_unknown(found.astype(np.int64))


class ByteEncoder:
    """Encodes each byte of UTF-8; a surrogate that represents a byte is encoded as that byte."""

    def encode(self, text: str) -> Encoding:
        """Return the ids of the bytes of a text."""
        ids = np.frombuffer(utf8_bytes(text), dtype=np.uint8).astype(np.int64)
        return _all_known(ids + NUM_SPECIAL_TOKENS)


class BpeEncoder:
    """Byte-pair encoding by Hugging Face; no token continues after a newline.

    Args:
        tokenizer: The byte-level BPE tokenizer.
        layout: Version of the pre-tokenizer; since layout 2 a long line is encoded in parts.
    """

    def __init__(self, tokenizer: tokenizers.Tokenizer, *, layout: Layout = LATEST_LAYOUT) -> None:
        self._tokenizer = tokenizer
        self._group = line_parts if layout > 1 else _line_groups
        vocab = tokenizer.get_vocab()
        self._byte_ids = [vocab[sign] for sign in byte_alphabet()]

    def encode(self, text: str) -> Encoding:
        """Return the ids of a text; each byte that is not UTF-8 is one token."""
        ids: list[int] = []
        start = 0
        for found in SURROGATE.finditer(text):
            ids += self._encode_plain(text[start : found.start()])
            ids += [self._byte_ids[byte] for byte in utf8_bytes(found.group())]
            start = found.end()
        ids += self._encode_plain(text[start:])
        return _all_known(np.array(ids, dtype=np.int64))

    def _encode_plain(self, text: str) -> list[int]:
        # Splitting where the pre-tokenizer splits changes no id, and the batch uses every core.
        encodings = self._tokenizer.encode_batch_fast(
            list(self._group(text)), add_special_tokens=False
        )
        return [number for encoding in encodings for number in encoding.ids]


def line_parts(text: str) -> Iterator[str]:
    """Iterate over groups of whole lines, or parts of long lines.

    Long lines are split where layout 2 of kind `bpe` splits them.

    Args:
        text: A text that starts at the start of a line.
    """
    start = 0
    while start < len(text):
        end = start + _GROUP_CHARACTERS
        # A newline right after a full part belongs to it.
        newline = text.rfind("\n", start, end + 1)
        end = min(end, len(text)) if newline < 0 else newline + 1
        yield text[start:end]
        start = end


def _line_groups(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start + _GROUP_CHARACTERS) + 1 or len(text)
        yield text[start:end]
        start = end


def _with_unknown(
    ids: Int64[np.ndarray, " num_tokens"], *, num_characters_lost: int = 0
) -> Encoding:
    unknown = ids == _ABSENT
    ids[unknown] = UNKNOWN_ID
    return Encoding(ids=ids, unknown=unknown, num_characters_lost=num_characters_lost)


def _all_known(ids: Int64[np.ndarray, " num_tokens"]) -> Encoding:
    return Encoding(ids=ids, unknown=np.zeros(len(ids), dtype=np.bool_))
