"""Encode the parts of a corpus in order, in this process or in several. Knows nothing of files."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int64

from nextword.base import available_processors, map_in_processes
from nextword.tokens.stores.parts import Part, PartKind
from nextword.tokens.stores.store import smallest_dtype
from nextword.tokens.text_counts import TextCounts, count_bytes, utf8_bytes
from nextword.tokens.tokenizer import Tokenizer
from nextword.tokens.vocabulary_tokenizer import VocabularyTokenizer

#: Text that is encoded before other processes are started; most texts are shorter.
ALONE_CHARACTERS = 1 << 25
#: Short parts are sent to a process together, up to this number of characters.
_GROUP_CHARACTERS = 1 << 20
#: More processes would wait for the one that reads the text.
_MOST_PROCESSES = 8

#: What is sent to a process for a part: kind, text, name and first line.
_Message = tuple[PartKind, str, str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedPart:
    """The ids of a part.

    Attributes:
        ids: Bytes of the ids in the smallest unsigned dtype.
        num_tokens: Number of ids.
        unknown: Positions of unknown tokens in the part, (num_unknown).
        counts: Size of its text in words, characters and bytes, without reserved symbols.
        num_characters_lost: Characters that cannot be restored from the ids.
    """

    ids: bytes
    num_tokens: int
    unknown: Int64[np.ndarray, " num_unknown"]
    counts: TextCounts
    num_characters_lost: int


_EMPTY = EncodedPart(
    ids=b"",
    num_tokens=0,
    unknown=np.zeros(0, dtype=np.int64),
    counts=TextCounts(),
    num_characters_lost=0,
)


def encode_parts(
    parts: Iterator[Part], tokenizer: Tokenizer, *, num_processes: int | None
) -> Generator[tuple[Part, EncodedPart], None, None]:
    """Iterate over parts and their ids, in order.

    The ids do not depend on the number of processes. Only tokenizers of kind `word` are encoded in
    several processes: byte pairs use every processor by themselves, and the other kinds are limited
    by reading.

    Args:
        parts: The parts.
        tokenizer: The tokenizer.
        num_processes: Number of processes that encode. None encodes the first 32 million characters
            in this process, and the rest in as many processes as there are processors, at most 8.

    Raises:
        DataError: A part contains a reserved symbol, or cannot be encoded.
        WorkerError: A process was killed.
    """
    if num_processes is None:
        num_characters = 0
        for part in parts:
            yield part, _encoded_part(tokenizer, part)
            num_characters += len(part.text)
            if num_characters >= ALONE_CHARACTERS:
                break
        num_processes = min(available_processors(), _MOST_PROCESSES)
    if num_processes == 1 or not _is_divisible(tokenizer):
        yield from ((part, _encoded_part(tokenizer, part)) for part in parts)
        return
    found = map_in_processes(
        _groups(parts),
        make_work=partial(_make_work, tokenizer.to_json()),
        message=lambda group: [_message(part) for part in group],
        num_processes=num_processes,
    )
    with closing(found):
        for group, encoded in found:
            yield from zip(group, encoded, strict=True)


def _is_divisible(tokenizer: Tokenizer) -> bool:
    return isinstance(tokenizer, VocabularyTokenizer) and tokenizer.kind == "word"


def _groups(parts: Iterator[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    num_characters = 0
    for part in parts:
        group.append(part)
        num_characters += len(part.text)
        if num_characters >= _GROUP_CHARACTERS:
            yield group
            group, num_characters = [], 0
    if group:
        yield group


def _message(part: Part) -> _Message:
    return part.kind, part.text, part.name, part.first_line


def _make_work(tokenizer_json: str) -> Callable[[Sequence[_Message]], list[EncodedPart]]:
    tokenizer = VocabularyTokenizer.from_json(tokenizer_json)
    return lambda messages: [_encoded(tokenizer, *message) for message in messages]


def _encoded_part(tokenizer: Tokenizer, part: Part) -> EncodedPart:
    return _encoded(tokenizer, *_message(part))


def _encoded(tokenizer: Tokenizer, kind: PartKind, text: str, name: str, line: int) -> EncodedPart:
    if kind == "document end":
        return _EMPTY
    text = tokenizer.without_markers(text, name=name, first_line=line)
    encoding = tokenizer.encode(text)
    dtype: Any = smallest_dtype(tokenizer.vocab_size)
    is_added = kind == "line end"
    return EncodedPart(
        ids=encoding.ids.astype(dtype).tobytes(),
        num_tokens=len(encoding.ids),
        unknown=np.flatnonzero(encoding.unknown).astype(np.int64),
        counts=(
            TextCounts(num_words=1)
            if is_added
            else count_bytes(utf8_bytes(text), num_characters=len(text))
        ),
        num_characters_lost=encoding.num_characters_lost,
    )
