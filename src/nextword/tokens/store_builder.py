"""Encoding a corpus into a token store, a piece at a time. Knows nothing of how it is read."""

import hashlib
from array import array
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from nextword.base import DataError, fsync_file, fsync_folder, full_disk_errors, write_json
from nextword.text import Corpus, Document
from nextword.tokens.encoders import Encoding
from nextword.tokens.store import (
    DESCRIPTION_FILE,
    DOCUMENTS_FILE,
    FORMAT_VERSION,
    IDS_FILE,
    UNKNOWN_FILE,
    StoreDescription,
    TokenStore,
    open_store,
    smallest_dtype,
)
from nextword.tokens.text_counts import TextCounts, count_bytes, utf8_bytes
from nextword.tokens.tokenizer import Tokenizer

_UNKNOWN_DRAFT = "unknown.tmp"


def build_store(
    corpus: Corpus,
    tokenizer: Tokenizer,
    *,
    folder: Path | None,
    on_progress: Callable[[int], None] | None = None,
) -> TokenStore:
    """Encode a corpus; on disk the text is never in memory but a piece at a time.

    For kind `word`, a document whose last line lacks a newline gets its line end, which counts
    among the words; for other kinds nothing is added.

    Args:
        corpus: The text.
        tokenizer: What encodes it.
        folder: Where the store shall stand; made where missing, an older store in it is replaced.
            None keeps the ids in memory.
        on_progress: Called with the number of characters encoded so far.

    Returns:
        The finished store, memory-mapped where a folder is given.

    Raises:
        DataError: The corpus gives no tokens, or cannot be read.
        DiskFullError: The disk is full.
    """
    if folder is None:
        writer = _Writer(tokenizer=tokenizer, ids=BytesIO(), unknown=BytesIO())
        writer.write(corpus, on_progress)
        return _in_memory(writer)
    with full_disk_errors(folder):
        _build_on_disk(corpus, tokenizer, folder, on_progress)
    return open_store(folder, tokenizer=tokenizer)


def _build_on_disk(
    corpus: Corpus,
    tokenizer: Tokenizer,
    folder: Path,
    on_progress: Callable[[int], None] | None,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Without its description an older store counts as unfinished while it is overwritten.
    (folder / DESCRIPTION_FILE).unlink(missing_ok=True)
    draft = folder / _UNKNOWN_DRAFT
    try:
        with ExitStack() as stack:
            ids = stack.enter_context((folder / IDS_FILE).open("wb"))
            unknown = stack.enter_context(draft.open("wb"))
            writer = _Writer(tokenizer=tokenizer, ids=ids, unknown=unknown)
            writer.write(corpus, on_progress)
        _finish(folder, writer, draft)
    finally:
        draft.unlink(missing_ok=True)


@dataclass(kw_only=True)
class _Writer:
    """What grows while a corpus is read: two streams, the document starts and the counts."""

    tokenizer: Tokenizer
    ids: BufferedIOBase
    unknown: BufferedIOBase
    document_starts: MutableSequence[int] = field(default_factory=lambda: array("q", [0]))
    counts: TextCounts = field(default_factory=TextCounts)
    num_tokens: int = 0
    num_unknown: int = 0
    text_sha256: str = ""

    def write(self, corpus: Corpus, on_progress: Callable[[int], None] | None) -> None:
        digest = hashlib.sha256()
        for document in corpus:
            for piece in self._pieces(document):
                data = utf8_bytes(piece)
                digest.update(data)
                self.counts += count_bytes(data, num_characters=len(piece))
                self._append(self.tokenizer.encode(piece))
                if on_progress is not None:
                    on_progress(self.counts.num_characters)
            self.document_starts.append(self.num_tokens)
        self.text_sha256 = digest.hexdigest()
        if not self.num_tokens:
            raise DataError(
                f"{corpus.description} gives no tokens.",
                help="Name a text that is not empty.",
            )

    def _pieces(self, document: Document) -> Iterator[str]:
        last = "\n"
        for piece in document.pieces():
            last = piece[-1:] or last
            yield piece
        if self.tokenizer.kind == "word" and last != "\n":
            self._append(self.tokenizer.encode("\n"))
            self.counts += TextCounts(num_words=1)

    def _append(self, encoding: Encoding) -> None:
        dtype = smallest_dtype(self.tokenizer.vocab_size)
        self.ids.write(encoding.ids.astype(dtype).tobytes())
        positions = np.flatnonzero(encoding.unknown).astype(np.int64) + self.num_tokens
        self.unknown.write(positions.tobytes())
        self.num_tokens += len(encoding.ids)
        self.num_unknown += len(positions)


def _in_memory(writer: _Writer) -> TokenStore:
    ids, unknown = writer.ids, writer.unknown
    dtype = smallest_dtype(writer.tokenizer.vocab_size)
    return TokenStore(
        ids=np.frombuffer(_content(ids), dtype=dtype),
        document_starts=np.array(writer.document_starts, dtype=np.int64),
        unknown_positions=np.frombuffer(_content(unknown), dtype=np.int64),
        counts=writer.counts,
        text_sha256=writer.text_sha256,
        fingerprint=writer.tokenizer.fingerprint,
    )


def _content(stream: BufferedIOBase) -> bytes:
    stream.seek(0)
    return stream.read()


def _finish(folder: Path, writer: _Writer, draft: Path) -> None:
    """Write the arrays, make all files durable, and say last that the store is whole."""
    starts = np.array(writer.document_starts, dtype=np.int64)
    np.save(folder / DOCUMENTS_FILE, starts, allow_pickle=False)
    np.save(folder / UNKNOWN_FILE, _mapped(draft, writer.num_unknown), allow_pickle=False)
    for name in (IDS_FILE, DOCUMENTS_FILE, UNKNOWN_FILE):
        fsync_file(folder / name)
    fsync_folder(folder)
    write_json(folder / DESCRIPTION_FILE, asdict(_describe(writer)))


def _mapped(draft: Path, num_positions: int) -> Int64[np.ndarray, " num_positions"]:
    if not num_positions:
        return np.zeros(0, dtype=np.int64)
    return np.memmap(draft, dtype=np.int64, mode="r")


def _describe(writer: _Writer) -> StoreDescription:
    dtype: Any = smallest_dtype(writer.tokenizer.vocab_size).name
    return StoreDescription(
        format_version=FORMAT_VERSION,
        dtype=dtype,
        tokenizer_fingerprint=writer.tokenizer.fingerprint,
        text_sha256=writer.text_sha256,
        num_documents=len(writer.document_starts) - 1,
        num_tokens=writer.num_tokens,
        num_unknown=writer.num_unknown,
        num_words=writer.counts.num_words,
        num_characters=writer.counts.num_characters,
        num_bytes=writer.counts.num_bytes,
    )
