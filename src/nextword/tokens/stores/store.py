"""The token store: the ids of a text, memory-mapped. Knows nothing of how a text is encoded.

A folder contains `ids.bin` (ids in the smallest unsigned dtype), `documents.npy` (the start of each
document, and the end), `unknown.npy` (positions of unknown tokens) and `store.json`. The last one
is written last, so a folder without it is not complete. It has the size, the modification time and
the SHA-256 of the other files. A file whose time differs is hashed when the store is opened; the
others are hashed only on request.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from jaxtyping import Int64, UInt
from pydantic import Field, TypeAdapter, ValidationError

from nextword.base import STRICT, DataError, FormatError, MismatchError, release_pages
from nextword.tokens.stores.growing import array_of, grown
from nextword.tokens.text_counts import TextCounts
from nextword.tokens.tokenizer import Tokenizer

FORMAT_VERSION = 2
IDS_FILE = "ids.bin"
DOCUMENTS_FILE = "documents.npy"
UNKNOWN_FILE = "unknown.npy"
DESCRIPTION_FILE = "store.json"
ARRAY_FILES = (IDS_FILE, DOCUMENTS_FILE, UNKNOWN_FILE)

MIN_TRAINABLE_TOKENS = 2
_SCAN_TOKENS = 1 << 22

#: Where the state of a model is reset: never, at each document, or at each line.
Reset = Literal["never", "document", "line"]
RESETS: tuple[Reset, ...] = get_args(Reset)
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenStore:
    """The token ids of a text.

    Attributes:
        ids: Ids of all tokens in order, (num_tokens).
        document_starts: Position of the first token of each document, followed by the number of
            tokens.
        unknown_positions: Sorted positions of the unknown tokens, (num_unknown).
        counts: Size of the text in words, characters and bytes.
        text_sha256: SHA-256 of the bytes of the text.
        fingerprint: Fingerprint of the tokenizer that encoded the text.
        num_characters_lost: Characters of the text that cannot be restored from the ids.
        ids_sha256: SHA-256 of `ids.bin`; empty for a store in memory or of format 1.
    """

    ids: UInt[np.ndarray, " num_tokens"]
    document_starts: Int64[np.ndarray, " num_starts"]
    unknown_positions: Int64[np.ndarray, " num_unknown"]
    counts: TextCounts
    text_sha256: str
    fingerprint: str
    num_characters_lost: int = 0
    ids_sha256: str = ""

    @property
    def num_tokens(self) -> int:
        """Number of ids."""
        return len(self.ids)

    @property
    def num_unknown(self) -> int:
        """Number of unknown tokens."""
        return len(self.unknown_positions)

    @property
    def num_words(self) -> int:
        """Number of words of the text plus line ends."""
        return self.counts.num_words

    @property
    def num_characters(self) -> int:
        """Number of code points of the text, newlines included."""
        return self.counts.num_characters

    @property
    def num_bytes(self) -> int:
        """Number of bytes of the text in UTF-8."""
        return self.counts.num_bytes

    def parts_of_ids(self) -> Iterator[tuple[int, UInt[np.ndarray, " size"]]]:
        """Iterate over the ids in parts, so that few pages of a large file are in memory.

        Yields:
            The position of the first token of a part, and its ids, (size).
        """
        for start in range(0, self.num_tokens, _SCAN_TOKENS):
            yield start, self.ids[start : start + _SCAN_TOKENS]
            release_pages(self.ids)

    def unit_starts(
        self, reset: Reset, line_end_ids: Int64[np.ndarray, " num_line_ends"]
    ) -> Int64[np.ndarray, " num_boundaries"]:
        """Return the start of each reset unit, followed by `num_tokens`.

        Args:
            reset: `never` (the whole text is one unit), `document`, or `line`.
            line_end_ids: Ids of the tokens that end a line; used for `line`.

        Returns:
            Increasing positions, (num_units + 1); units without tokens are left out. More than 64
            MB of them are memory-mapped from a temporary file.
        """
        if reset == "never":
            return np.unique(np.array([0, self.num_tokens], dtype=np.int64))
        ends = line_end_ids if reset == "line" else None
        found: BufferedIOBase = BytesIO()
        num_bytes = 0
        for starts in self._starts(ends):
            found = grown(found, starts.tobytes())
            num_bytes += starts.nbytes
        with found:
            return array_of(found, num_bytes=num_bytes, dtype=np.dtype(np.int64))

    def _starts(
        self, line_end_ids: Int64[np.ndarray, " num_line_ends"] | None
    ) -> Iterator[Int64[np.ndarray, " num_starts"]]:
        """Yield the starts of documents, and of lines if ids are given, in order.

        The ids are read in parts to bound memory.
        """
        yield np.zeros(1, dtype=np.int64)
        for start, ids in self.parts_of_ids():
            end = start + len(ids)
            first, last = np.searchsorted(self.document_starts, [start, end], side="right")
            found = [np.asarray(self.document_starts[first:last])]
            if line_end_ids is not None:
                found.append(np.flatnonzero(np.isin(ids, line_end_ids)) + start + 1)
            if end == self.num_tokens:
                found.append(np.array([end], dtype=np.int64))
            yield np.unique(np.concatenate(found))


@STRICT
@dataclass(frozen=True, kw_only=True)
class FileDescription:
    """One file in `store.json`.

    Attributes:
        size: Size in bytes.
        modified_ns: Modification time, nanoseconds since 1970.
        sha256: SHA-256 of the file.
    """

    size: _Count
    modified_ns: int
    sha256: str


@STRICT
@dataclass(frozen=True, kw_only=True)
class StoreDescription:
    """The content of `store.json`; it has `files` since format 2."""

    format_version: int
    dtype: Literal["uint8", "uint16", "uint32"]
    tokenizer_fingerprint: str
    text_sha256: str
    num_documents: _Count
    num_tokens: _Count
    num_unknown: _Count
    num_words: _Count
    num_characters: _Count
    num_bytes: _Count
    num_characters_lost: _Count = 0
    files: dict[str, FileDescription] = field(default_factory=dict)


def require_trainable(store: TokenStore) -> None:
    """Raise an error if a text is too short for training.

    Raises:
        DataError: The store has fewer than 2 tokens.
    """
    if store.num_tokens < MIN_TRAINABLE_TOKENS:
        raise DataError(
            f"the text has too few tokens: {store.num_tokens}, and at least "
            f"{MIN_TRAINABLE_TOKENS} are needed.",
            help="Give a longer text.",
        )


def open_store(folder: Path, *, tokenizer: Tokenizer, verify: bool = False) -> TokenStore:
    """Open a token store, memory-mapped.

    Args:
        folder: Folder written by `build_store`.
        tokenizer: The tokenizer that encoded the text.
        verify: Whether to hash every file, not only files whose modification time differs.

    Raises:
        FormatError: The store is incomplete, damaged, changed, or written by a newer version.
        MismatchError: The text was encoded by another tokenizer.
    """
    description = read_description(folder)
    if description.tokenizer_fingerprint != tokenizer.fingerprint:
        raise MismatchError(
            f"the token store {folder} was made by another tokenizer "
            f"({description.tokenizer_fingerprint[:12]}, not {tokenizer.fingerprint[:12]}).",
            help="Delete the folder; it will be created again.",
        )
    for name, written in description.files.items():
        _check_file(folder / name, written, verify=verify)
    ids_file = description.files.get(IDS_FILE)
    store = TokenStore(
        ids=_map_ids(folder / IDS_FILE, description),
        document_starts=_load(folder / DOCUMENTS_FILE, size=description.num_documents + 1),
        unknown_positions=_load(folder / UNKNOWN_FILE, size=description.num_unknown),
        counts=TextCounts(
            num_words=description.num_words,
            num_characters=description.num_characters,
            num_bytes=description.num_bytes,
        ),
        text_sha256=description.text_sha256,
        fingerprint=description.tokenizer_fingerprint,
        num_characters_lost=description.num_characters_lost,
        ids_sha256="" if ids_file is None else ids_file.sha256,
    )
    _check_positions(folder / DOCUMENTS_FILE, store.document_starts, high=store.num_tokens)
    if store.document_starts[0] != 0 or store.document_starts[-1] != store.num_tokens:
        raise _damaged(folder / DOCUMENTS_FILE, "it does not span the whole text")
    _check_positions(folder / UNKNOWN_FILE, store.unknown_positions, high=store.num_tokens - 1)
    return store


def describe_file(path: Path) -> FileDescription:
    """Return the size, modification time and SHA-256 of a file."""
    status = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileDescription(size=status.st_size, modified_ns=status.st_mtime_ns, sha256=digest)


def _check_file(path: Path, written: FileDescription, *, verify: bool) -> None:
    """Raise an error if a file has changed; hash it only if its time differs or `verify` is set."""
    try:
        status = path.stat()
        if status.st_size != written.size:
            raise _damaged(path, f"it has {status.st_size:,} bytes, not {written.size:,}")
        is_suspect = verify or status.st_mtime_ns != written.modified_ns
        if is_suspect and describe_file(path).sha256 != written.sha256:
            raise _damaged(path, f"its SHA-256 is not the one in {DESCRIPTION_FILE}")
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error


def read_description(folder: Path) -> StoreDescription:
    """Return the content of `store.json`.

    Args:
        folder: The folder of the store.

    Raises:
        FormatError: The store is incomplete, damaged, or written by a newer version.
    """
    path = folder / DESCRIPTION_FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormatError(
            f"{folder} is not a complete token store: {DESCRIPTION_FILE} cannot be read "
            f"({error.strerror}).",
            help="Delete the folder; it will be created again.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is not JSON") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise FormatError(
            f"{path} has format version {version}; this version of nextword reads "
            f"{FORMAT_VERSION}.",
            help="Install a newer nextword.",
        )
    try:
        description = TypeAdapter(StoreDescription).validate_python(content)
        if description.format_version > 1 and set(description.files) != set(ARRAY_FILES):
            raise _damaged(path, f"it does not describe {', '.join(ARRAY_FILES)}")
        return description
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise _damaged(path, f"the value of {key or 'the whole'!r} is wrong") from error


def _map_ids(path: Path, description: StoreDescription) -> UInt[np.ndarray, " num_tokens"]:
    dtype = np.dtype(description.dtype)
    wanted = description.num_tokens * dtype.itemsize
    try:
        found = path.stat().st_size
        if found != wanted:
            raise _damaged(path, f"it has {found:,} bytes, not {wanted:,}")
        if not found:
            return np.zeros(0, dtype=dtype)
        return np.memmap(path, dtype=dtype, mode="r")
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error


def _load(path: Path, *, size: int) -> Int64[np.ndarray, " size"]:
    try:
        array = np.load(path, mmap_mode="r" if size else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, "it is not an array") from error
    if not isinstance(array, np.ndarray) or array.dtype != np.int64 or array.shape != (size,):
        raise _damaged(path, f"it does not contain {size:,} positions")
    return array


def _check_positions(
    path: Path, positions: Int64[np.ndarray, " num_positions"], *, high: int
) -> None:
    if not len(positions):
        return
    is_sorted = all(
        bool((np.diff(positions[start : start + _SCAN_TOKENS + 1]) >= 0).all())
        for start in range(0, len(positions), _SCAN_TOKENS)
    )
    if positions[0] < 0 or positions[-1] > high or not is_sorted:
        raise _damaged(path, "its positions are out of order")


def _damaged(path: Path, reason: str) -> FormatError:
    return FormatError(
        f"{path} is damaged: {reason}.", help="Delete the folder; it will be created again."
    )


def smallest_dtype(vocab_size: int) -> np.dtype[Any]:
    """Return the smallest unsigned dtype for the ids of a vocabulary.

    Example:
        >>> smallest_dtype(256), smallest_dtype(257)
        (dtype('uint8'), dtype('uint16'))
    """
    return np.min_scalar_type(vocab_size - 1)
