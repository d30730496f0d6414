"""An encoding that is not complete yet: arrays that grow, and a record of what of them is valid.

On disk, a draft is the folder `encoding` in the folder of the store: the ids, the positions of
unknown tokens and the ends of documents as plain arrays, and `progress.json`. The record is written
after the arrays are flushed; what follows the recorded sizes is cut off when an encoding goes on.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from nextword.base import STRICT, write_json
from nextword.tokens.stores.encoding import EncodedPart
from nextword.tokens.stores.growing import array_of, grown
from nextword.tokens.stores.parts import Part, Position
from nextword.tokens.text_counts import TextCounts

DRAFT_FOLDER = "encoding"
_RECORD = "progress.json"
_ARRAYS = ("ids", "unknown", "documents")
_HASH_BYTES = 1 << 20

_Count = Annotated[int, Field(ge=0)]


@STRICT
@dataclass(frozen=True, kw_only=True)
class ArrayRecord:
    """The valid part of one array.

    Attributes:
        num_bytes: Its size.
        sha256: Its SHA-256.
    """

    num_bytes: _Count = 0
    sha256: str = hashlib.sha256().hexdigest()


@STRICT
@dataclass(frozen=True, kw_only=True)
class Progress:
    """What of a text is encoded.

    Attributes:
        format_version: 1.
        tokenizer_fingerprint: Fingerprint of the tokenizer.
        position: How far the text was read.
        num_tokens: Number of ids.
        num_unknown: Number of unknown tokens.
        num_documents: Number of documents that were read to their end.
        num_words: Words and line ends of the text.
        num_characters: Code points of the text, without reserved symbols.
        num_bytes: Bytes of the text, without reserved symbols.
        num_characters_lost: Characters that cannot be restored from the ids.
        arrays: The valid part of each array.
    """

    format_version: Literal[1] = 1
    tokenizer_fingerprint: str
    position: Position = field(
        default_factory=lambda: Position(
            num_parts=0, num_characters=0, text_sha256="", parts_sha256=""
        )
    )
    num_tokens: _Count = 0
    num_unknown: _Count = 0
    num_documents: _Count = 0
    num_words: _Count = 0
    num_characters: _Count = 0
    num_bytes: _Count = 0
    num_characters_lost: _Count = 0
    arrays: dict[str, ArrayRecord] = field(
        default_factory=lambda: {name: ArrayRecord() for name in _ARRAYS}
    )

    @property
    def counts(self) -> TextCounts:
        """Size of the encoded text."""
        return TextCounts(
            num_words=self.num_words,
            num_characters=self.num_characters,
            num_bytes=self.num_bytes,
        )


class Draft:
    """The arrays of an encoding and its progress, in memory or in a folder.

    Args:
        files: The arrays, open for writing at their ends.
        progress: What of them is valid.
        folder: The folder `encoding`; None in memory.
    """

    def __init__(
        self, files: dict[str, BufferedIOBase], *, progress: Progress, folder: Path | None = None
    ) -> None:
        self.files = files
        self.progress = progress
        self.folder = folder
        self._hashes = {
            name: _hash_of(file, progress.arrays[name].num_bytes) for name, file in files.items()
        }

    def append(self, part: Part, encoded: EncodedPart) -> None:
        """Add a part; `progress` counts it when it is complete.

        Args:
            part: The part after the last one that was added.
            encoded: Its ids.
        """
        done = self.progress
        contents = {
            "ids": encoded.ids,
            "unknown": (encoded.unknown + done.num_tokens).tobytes(),
            "documents": b"",
        }
        num_tokens = done.num_tokens + encoded.num_tokens
        is_end = part.kind == "document end"
        if is_end:
            contents["documents"] = np.array([num_tokens], dtype=np.int64).tobytes()
        arrays = dict(done.arrays)
        for name, content in contents.items():
            if content:
                arrays[name] = self._write(name, content)
        self.progress = replace(
            done,
            position=part.position,
            num_tokens=num_tokens,
            num_unknown=done.num_unknown + len(encoded.unknown),
            num_documents=done.num_documents + is_end,
            num_words=done.num_words + encoded.counts.num_words,
            num_characters=done.num_characters + encoded.counts.num_characters,
            num_bytes=done.num_bytes + encoded.counts.num_bytes,
            num_characters_lost=done.num_characters_lost + encoded.num_characters_lost,
            arrays=arrays,
        )

    def _write(self, name: str, content: bytes) -> ArrayRecord:
        self.files[name] = grown(self.files[name], content)
        self._hashes[name].update(content)
        size = self.progress.arrays[name].num_bytes + len(content)
        return ArrayRecord(num_bytes=size, sha256=self._hashes[name].hexdigest())

    def is_intact(self) -> bool:
        """Return whether the arrays are those that were recorded."""
        return all(
            found.hexdigest() == self.progress.arrays[name].sha256
            for name, found in self._hashes.items()
        )

    def array(self, name: str, dtype: np.dtype[Any]) -> np.ndarray:
        """Return the valid part of an array; that of a file is memory-mapped.

        Args:
            name: `ids`, `unknown` or `documents`.
            dtype: Type of its values.
        """
        size = self.progress.arrays[name].num_bytes
        return array_of(self.files[name], num_bytes=size, dtype=dtype)

    def flush(self) -> None:
        """Write what is buffered to the files."""
        for file in self.files.values():
            file.flush()

    def commit(self) -> None:
        """Record the progress on disk, so that an encoding can go on from here."""
        if self.folder is None:
            return
        self.flush()
        for file in self.files.values():
            os.fsync(file.fileno())
        write_json(self.folder / _RECORD, asdict(self.progress))

    def close(self) -> None:
        """Close the files; what cannot be written on a full disk is not recorded, and lost."""
        for file in self.files.values():
            with suppress(OSError):
                file.close()

    def discard(self) -> None:
        """Close the files and remove the folder."""
        self.close()
        if self.folder is not None:
            remove_draft(self.folder.parent)


def memory_draft(fingerprint: str) -> Draft:
    """Return a draft in memory; arrays of more than 64 MB are moved to temporary files.

    Args:
        fingerprint: Fingerprint of the tokenizer.
    """
    files: dict[str, BufferedIOBase] = {name: BytesIO() for name in _ARRAYS}
    return Draft(files, progress=Progress(tokenizer_fingerprint=fingerprint))


def folder_draft(folder: Path, fingerprint: str) -> Draft:
    """Open the draft in the folder of a store, or create one.

    A draft that is damaged, or of another tokenizer, is replaced.

    Args:
        folder: The folder of the store; must exist.
        fingerprint: Fingerprint of the tokenizer.
    """
    place = folder / DRAFT_FOLDER
    progress = kept_progress(folder)
    if progress is not None and progress.tokenizer_fingerprint == fingerprint:
        draft = _reopened(place, progress)
        if draft is not None:
            return draft
    remove_draft(folder)
    place.mkdir()
    files = _opened({name: place / f"{name}.bin" for name in _ARRAYS}, mode="x+b")
    return Draft(files, progress=Progress(tokenizer_fingerprint=fingerprint), folder=place)


def kept_progress(folder: Path) -> Progress | None:
    """Return the progress of the draft in the folder of a store; None if there is none to use.

    Args:
        folder: The folder of the store.
    """
    path = folder / DRAFT_FOLDER / _RECORD
    if path.parent.is_symlink() or not _is_own_file(path):
        return None
    try:
        progress = TypeAdapter(Progress).validate_python(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, ValidationError):
        return None
    return progress if set(progress.arrays) == set(_ARRAYS) else None


def remove_draft(folder: Path) -> None:
    """Remove the draft in the folder of a store, if there is one; links are not followed."""
    place = folder / DRAFT_FOLDER
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)


def _opened(paths: Mapping[str, Path], *, mode: Literal["x+b", "r+b"]) -> dict[str, BufferedIOBase]:
    """Open all files; if one cannot be opened, the others are closed."""
    with ExitStack() as stack:
        files = {
            name: cast(BufferedIOBase, stack.enter_context(path.open(mode)))
            for name, path in paths.items()
        }
        stack.pop_all()
    return files


def _reopened(place: Path, progress: Progress) -> Draft | None:
    """Open the arrays of a draft at the ends of their valid parts; None if they are damaged."""
    paths = {name: place / f"{name}.bin" for name in _ARRAYS}
    for name, path in paths.items():
        if not _is_own_file(path) or path.stat().st_size < progress.arrays[name].num_bytes:
            return None
    with ExitStack() as stack:
        files = _opened(paths, mode="r+b")
        for name, file in files.items():
            stack.callback(file.close)
            file.truncate(progress.arrays[name].num_bytes)
        draft = Draft(files, progress=progress, folder=place)
        if not draft.is_intact():
            return None
        stack.pop_all()
    return draft


def _is_own_file(path: Path) -> bool:
    """Return whether a path is a regular file without another name, not a link."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _hash_of(file: BufferedIOBase, num_bytes: int) -> Any:
    """Return the running SHA-256 of the first bytes of a file, and move to their end."""
    found = hashlib.sha256()
    if num_bytes:
        file.seek(0)
    while num_bytes:
        block = file.read(min(num_bytes, _HASH_BYTES))
        if not block:
            break
        found.update(block)
        num_bytes -= len(block)
    return found
