"""Encode a corpus into a token store, piece by piece. Knows nothing of how a corpus is read."""

import hashlib
from array import array
from collections.abc import Callable, Iterator, MutableSequence
from dataclasses import asdict, dataclass, field
from io import BufferedIOBase, BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import numpy as np
from jaxtyping import Int64

from nextword.base import DataError, FormatError, atomic_writer, full_disk_errors, write_json
from nextword.text import LONG_LINE_BYTES, Corpus, Document
from nextword.tokens.encoders import Encoding
from nextword.tokens.stores.control_characters import ControlCharacters
from nextword.tokens.stores.line_signs import LineSigns
from nextword.tokens.stores.store import (
    ARRAY_FILES,
    DESCRIPTION_FILE,
    DOCUMENTS_FILE,
    FORMAT_VERSION,
    IDS_FILE,
    UNKNOWN_FILE,
    FileDescription,
    StoreDescription,
    TokenStore,
    describe_file,
    open_store,
    smallest_dtype,
)
from nextword.tokens.text_counts import TextCounts, count_bytes, utf8_bytes
from nextword.tokens.tokenizer import Tokenizer


def build_store(
    corpus: Corpus,
    tokenizer: Tokenizer,
    *,
    folder: Path | None,
    on_progress: Callable[[int], None] | None = None,
) -> TokenStore:
    """Encode a corpus into a token store.

    With a folder, only one piece of the text is in memory at a time. Reserved symbols that
    `Tokenizer.without_markers` removes are neither stored nor counted. If the tokenizer has a line
    end token, a document without a final newline gets a line end, which counts as a word.

    A backward tokenizer needs whole lines, so a line that a document splits is refused; see
    `Document.pieces`.

    Args:
        corpus: The text.
        tokenizer: The tokenizer.
        folder: Folder of the store; created if missing. A store in it is replaced. None keeps the
            ids in memory.
        on_progress: Called with the number of characters encoded so far.

    Returns:
        The store, memory-mapped if a folder is given.

    Raises:
        DataError: The corpus has no tokens, cannot be read, contains a reserved symbol, or has a
            line that is too long for a backward tokenizer.
        DiskFullError: The disk is full.
        FormatError: The folder is a link.
    """
    if folder is None:
        writer = _Writer(tokenizer=tokenizer, ids=BytesIO(), unknown=BytesIO())
        writer.write(corpus, on_progress)
        return _in_memory(writer)
    _refuse_link(folder)
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
    # Without its description an older store is incomplete while it is overwritten.
    (folder / DESCRIPTION_FILE).unlink(missing_ok=True)
    # The temporary file has no name, so nothing of it remains if this process is killed.
    with TemporaryFile(dir=folder) as unknown:
        with atomic_writer(folder / IDS_FILE) as ids:
            writer = _Writer(
                tokenizer=tokenizer,
                ids=cast(BufferedIOBase, ids),
                unknown=cast(BufferedIOBase, unknown),
            )
            writer.write(corpus, on_progress)
        _finish(folder, writer)


def _refuse_link(folder: Path) -> None:
    """Raise an error for a link, which could point to files of somebody else."""
    if folder.is_symlink():
        raise FormatError(
            f"{folder} is a link to {folder.readlink()}; tokens are not written through a link.",
            help="Remove the link, or move the whole run folder to a disk with more space.",
        )


def text_sha256(corpus: Corpus) -> str:
    """Return the SHA-256 of a corpus, as in `TokenStore.text_sha256`; reads the whole corpus."""
    digest = hashlib.sha256()
    for piece in corpus.pieces():
        digest.update(utf8_bytes(piece))
    return digest.hexdigest()


@dataclass(kw_only=True)
class _Writer:
    """State while a corpus is encoded: two output streams, document starts and counts."""

    tokenizer: Tokenizer
    ids: BufferedIOBase
    unknown: BufferedIOBase
    document_starts: MutableSequence[int] = field(default_factory=lambda: array("q", [0]))
    counts: TextCounts = field(default_factory=TextCounts)
    num_tokens: int = 0
    num_unknown: int = 0
    num_characters_lost: int = 0
    text_sha256: str = ""
    line: int = 1
    usual_signs: LineSigns = field(default_factory=LineSigns)
    controls: ControlCharacters = field(default_factory=ControlCharacters)

    def write(self, corpus: Corpus, on_progress: Callable[[int], None] | None) -> None:
        digest = hashlib.sha256()
        for document in corpus:
            self.line = 1
            for piece in self._pieces(document):
                digest.update(utf8_bytes(piece))
                self._append_text(piece, document.name)
                if on_progress is not None:
                    on_progress(self.counts.num_characters)
            if self.tokenizer.has_line_end_token:
                self.controls.end_document(document.name)
            self.document_starts.append(self.num_tokens)
        self.text_sha256 = digest.hexdigest()
        self.usual_signs.warn(corpus.description)
        self.controls.warn()
        if not self.num_tokens:
            raise DataError(
                f"{_shown_source(corpus)} has no tokens.",
                help="Name a text that is not empty.",
            )

    def _pieces(self, document: Document) -> Iterator[str]:
        last = "\n"
        for piece in document.pieces():
            if self.tokenizer.is_backward and last != "\n":
                raise _too_long_to_reverse(document.name, self.line)
            last = piece[-1:] or last
            yield piece
        if self.tokenizer.has_line_end_token and last != "\n":
            self._append(self.tokenizer.encode("\n"))
            self.counts += TextCounts(num_words=1)

    def _append_text(self, piece: str, name: str) -> None:
        """Encode and count a piece without its reserved symbols."""
        text = self.tokenizer.without_markers(piece, name=name, first_line=self.line)
        self.line += piece.count("\n")
        self.usual_signs.read(text)
        if self.tokenizer.has_line_end_token:
            self.controls.read(text)
        self.counts += count_bytes(utf8_bytes(text), num_characters=len(text))
        self._append(self.tokenizer.encode(text))

    def _append(self, encoding: Encoding) -> None:
        dtype = smallest_dtype(self.tokenizer.vocab_size)
        self.ids.write(encoding.ids.astype(dtype).tobytes())
        positions = np.flatnonzero(encoding.unknown).astype(np.int64) + self.num_tokens
        self.unknown.write(positions.tobytes())
        self.num_tokens += len(encoding.ids)
        self.num_unknown += len(positions)
        self.num_characters_lost += encoding.num_characters_lost


def _too_long_to_reverse(name: str, line: int) -> DataError:
    return DataError(
        f"{name}, line {line:,}: the line has more than {LONG_LINE_BYTES:,} bytes, and a tokenizer "
        "with direction 'backward' reads a line from its end.",
        help="Split it into several lines, for example with fold -s -w 10000.",
    )


def _shown_source(corpus: Corpus) -> str:
    return "standard input" if corpus.description == "-" else corpus.description


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
        num_characters_lost=writer.num_characters_lost,
    )


def _content(stream: BufferedIOBase) -> bytes:
    stream.seek(0)
    return stream.read()


def _finish(folder: Path, writer: _Writer) -> None:
    """Write the other arrays and, last, the description that marks the store as complete."""
    starts = np.array(writer.document_starts, dtype=np.int64)
    unknown = _mapped(writer.unknown, writer.num_unknown)
    for name, values in ((DOCUMENTS_FILE, starts), (UNKNOWN_FILE, unknown)):
        with atomic_writer(folder / name) as file:
            np.save(file, values, allow_pickle=False)
    files = {name: describe_file(folder / name) for name in ARRAY_FILES}
    write_json(folder / DESCRIPTION_FILE, asdict(_describe(writer, files)))


def _mapped(draft: BufferedIOBase, num_positions: int) -> Int64[np.ndarray, " num_positions"]:
    if not num_positions:
        return np.zeros(0, dtype=np.int64)
    draft.flush()
    return np.memmap(cast(BinaryIO, draft), dtype=np.int64, mode="r")


def _describe(writer: _Writer, files: dict[str, FileDescription]) -> StoreDescription:
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
        num_characters_lost=writer.num_characters_lost,
        files=files,
    )
