"""The token store: a text as ids, memory-mapped. Knows nothing of how it was encoded.

A folder holds `ids.bin` (ids in the smallest unsigned type), `documents.npy` (where each document
starts, and the end), `unknown.npy` (positions of unknown tokens) and `store.json`, which is
written last: a folder without it is not finished. It says size, time and SHA-256 of the other
files. A file whose time differs is hashed when the store is opened, the others only on request.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from jaxtyping import Int64, UInt
from pydantic import Field, TypeAdapter, ValidationError

from nextword.base import STRICT, DataError, FormatError, MismatchError
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

#: Where reading starts afresh: nowhere, at each document, at each line.
Reset = Literal["never", "document", "line"]
RESETS: tuple[Reset, ...] = get_args(Reset)
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenStore:
    """A text as ids.

    Attributes:
        ids: Every token of the text, in order.
        document_starts: Where each document starts, and at the end the number of tokens.
        unknown_positions: Sorted positions of the tokens that stand for something unknown.
        counts: Size of the text in words, characters and bytes.
        text_sha256: Hash of the text's bytes.
        fingerprint: The fingerprint of the tokenizer that made the ids.
        num_characters_lost: Characters of the text that the ids do not tell.
        ids_sha256: Hash of `ids.bin`; empty where the store is in memory or of format 1.
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
        """Number of tokens that stand for something outside the vocabulary."""
        return len(self.unknown_positions)

    @property
    def num_words(self) -> int:
        """White-space words plus line ends of the text."""
        return self.counts.num_words

    @property
    def num_characters(self) -> int:
        """Code points of the text, newlines included."""
        return self.counts.num_characters

    @property
    def num_bytes(self) -> int:
        """Bytes of the text in UTF-8."""
        return self.counts.num_bytes

    def unit_starts(
        self, reset: Reset, line_end_ids: Int64[np.ndarray, " num_line_ends"]
    ) -> Int64[np.ndarray, " num_boundaries"]:
        """Return where each unit that is read on its own starts, and at the end `num_tokens`.

        Args:
            reset: `never` (the whole text is one unit), `document`, or `line`.
            line_end_ids: The tokenizer's ids after which a line ends; used for `line`.

        Returns:
            Rising positions; units without tokens are left out.
        """
        ends = np.array([0, self.num_tokens], dtype=np.int64)
        if reset == "never":
            return np.unique(ends)
        parts: list[Int64[np.ndarray, " _"]] = [ends, np.asarray(self.document_starts)]
        if reset == "line":
            parts += self._line_starts(line_end_ids)
        return np.unique(np.concatenate(parts))

    def _line_starts(
        self, line_end_ids: Int64[np.ndarray, " num_line_ends"]
    ) -> list[Int64[np.ndarray, " _"]]:
        """Look through a part at a time: the ids may be larger than memory."""
        return [
            np.flatnonzero(np.isin(self.ids[start : start + _SCAN_TOKENS], line_end_ids))
            + (start + 1)
            for start in range(0, self.num_tokens, _SCAN_TOKENS)
        ]


@STRICT
@dataclass(frozen=True, kw_only=True)
class FileDescription:
    """What `store.json` says of one file.

    Attributes:
        size: Bytes.
        modified_ns: When it was last changed, nanoseconds since 1970.
        sha256: Of its bytes.
    """

    size: _Count
    modified_ns: int
    sha256: str


@STRICT
@dataclass(frozen=True, kw_only=True)
class StoreDescription:
    """What `store.json` says; `files` since format 2."""

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
    """Refuse a text too short to predict anything from something.

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
    """Map a finished store into memory.

    Args:
        folder: What `build_store` wrote.
        tokenizer: The tokenizer that made it.
        verify: Whether every file is hashed, not only those whose time has changed.

    Raises:
        FormatError: The store is not finished, is damaged, changed, or made by a newer version.
        MismatchError: Another tokenizer made it.
    """
    description = _read_description(folder)
    if description.tokenizer_fingerprint != tokenizer.fingerprint:
        raise MismatchError(
            f"the token store {folder} was made by another tokenizer "
            f"({description.tokenizer_fingerprint[:12]}, not {tokenizer.fingerprint[:12]}).",
            help="Delete the folder; it will be made again.",
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
    """Hash a finished file."""
    status = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileDescription(size=status.st_size, modified_ns=status.st_mtime_ns, sha256=digest)


def _check_file(path: Path, written: FileDescription, *, verify: bool) -> None:
    """Refuse a file that is not as it was written; hash it only where there is reason to."""
    try:
        status = path.stat()
        if status.st_size != written.size:
            raise _damaged(path, f"it has {status.st_size:,} bytes, not {written.size:,}")
        is_suspect = verify or status.st_mtime_ns != written.modified_ns
        if is_suspect and describe_file(path).sha256 != written.sha256:
            raise _damaged(path, f"its SHA-256 is not the one in {DESCRIPTION_FILE}")
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error


def _read_description(folder: Path) -> StoreDescription:
    path = folder / DESCRIPTION_FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormatError(
            f"{folder} is no finished token store: {DESCRIPTION_FILE} cannot be read "
            f"({error.strerror}).",
            help="Delete the folder; it will be made again.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is not JSON") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise FormatError(
            f"{path} has format version {version}; this version of nextword knows "
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
        raise _damaged(path, "it is no array") from error
    if not isinstance(array, np.ndarray) or array.dtype != np.int64 or array.shape != (size,):
        raise _damaged(path, f"it does not hold {size:,} positions")
    return array


def _check_positions(
    path: Path, positions: Int64[np.ndarray, " num_positions"], *, high: int
) -> None:
    if len(positions) and (
        positions[0] < 0 or positions[-1] > high or bool(np.any(np.diff(positions) < 0))
    ):
        raise _damaged(path, "its positions are out of order")


def _damaged(path: Path, reason: str) -> FormatError:
    return FormatError(
        f"{path} is damaged: {reason}.", help="Delete the folder; it will be made again."
    )


def smallest_dtype(vocab_size: int) -> np.dtype[Any]:
    """Return the smallest unsigned type that holds every id of a vocabulary.

    Example:
        >>> smallest_dtype(256), smallest_dtype(257)
        (dtype('uint8'), dtype('uint16'))
    """
    return np.min_scalar_type(vocab_size - 1)
