"""Open files and standard input, and detect JSON lines. Decodes no text."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from nextword.base import DataError
from nextword.text.content import (
    COMPRESSED_SUFFIXES,
    ByteStream,
    read_blocks,
    stream_blocks,
    without_mark,
)
from nextword.text.jsonl import looks_like_jsonl
from nextword.text.names import shown_name
from nextword.text.places import STANDARD_LIBRARY, find_files, standard_library_folder

_STANDARD_INPUT = "-"
_JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_JSON_SUFFIX = ".json"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file or stream.

    Attributes:
        name: Name in error messages and of the document.
        open_blocks: Returns an iterator over the decompressed content from the start.
        is_jsonl: Whether each line is a JSON object.
        may_be_jsonl: Whether it may be JSON lines according to its name.
    """

    name: str
    open_blocks: Callable[[], Iterator[bytes]] = field(repr=False)
    is_jsonl: bool = False
    may_be_jsonl: bool = False


def open_sources(
    specs: Sequence[str],
    *,
    field: str | None,
    standard_input: ByteStream | None,
    is_read_once: bool,
    is_raw: bool = False,
    detects_json: bool = False,
) -> list[Source]:
    """Find the files and streams that the user named.

    Args:
        specs: Files, folders, globs, `-` or `stdlib:`.
        field: Key of the text in JSON lines, if the user named one.
        standard_input: Stream for `-`.
        is_read_once: Whether standard input is read only during iteration, and only once.
        is_raw: Whether no source is parsed as JSON lines.
        detects_json: Whether the caller recognizes JSON lines itself, so that no warning is needed.

    Raises:
        DataError: A file is missing or cannot be read, or a folder contains no text.
    """
    has_field = field is not None
    sources = [
        source
        for spec in specs
        for source in (
            [_input_source(standard_input, has_field=has_field, is_read_once=is_read_once)]
            if spec == _STANDARD_INPUT
            else _file_sources(spec, has_field=has_field)
        )
    ]
    if is_raw:
        return [replace(source, is_jsonl=False, may_be_jsonl=False) for source in sources]
    if not detects_json:
        _warn_of_json(sources)
    return sources


def _input_source(stream: ByteStream | None, *, has_field: bool, is_read_once: bool) -> Source:
    if stream is None:
        raise DataError("the text '-' was named, but there is no standard input.")
    name = "standard input"
    if is_read_once:
        open_blocks = partial(stream_blocks, stream, name=name)
        return Source(name=name, open_blocks=open_blocks, is_jsonl=has_field)
    return _memory_source(name, stream, is_jsonl=has_field, may_be_jsonl=True)


def _file_sources(spec: str, *, has_field: bool) -> list[Source]:
    files = find_files(spec)
    if spec == STANDARD_LIBRARY:
        folder = standard_library_folder()
        return [
            _plain_source(path, f"{STANDARD_LIBRARY}{path.relative_to(folder).as_posix()}")
            for path in files
        ]
    return [_file_source(path, has_field=has_field) for path in files]


def _plain_source(path: Path, name: str) -> Source:
    return Source(name=name, open_blocks=partial(read_blocks, path))


def _file_source(path: Path, *, has_field: bool) -> Source:
    name = shown_name(path)
    stem = Path(path.stem) if path.suffix.lower() in COMPRESSED_SUFFIXES else path
    suffix = stem.suffix.lower()
    is_json = suffix == _JSON_SUFFIX
    is_jsonl = suffix in _JSONL_SUFFIXES or (has_field and is_json)
    if _is_pipe(path):
        # A pipe can be read only once, like standard input.
        with _open_pipe(path) as file:
            source = _memory_source(name, file, is_jsonl=is_jsonl, may_be_jsonl=is_json)
    else:
        open_blocks = partial(read_blocks, path)
        source = Source(name=name, open_blocks=open_blocks, is_jsonl=is_jsonl, may_be_jsonl=is_json)
    if has_field and not is_jsonl:
        return replace(source, is_jsonl=_begins_with_brace(source))
    return source


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError as error:
        raise DataError(f"{shown_name(path)} cannot be read: {error.strerror}.") from error


def _open_pipe(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{shown_name(path)} cannot be read: {error.strerror}.") from error


def _memory_source(name: str, stream: ByteStream, *, is_jsonl: bool, may_be_jsonl: bool) -> Source:
    """Keep the content of a stream in memory, compressed or not, to read it more than once."""
    try:
        content = stream.read()
    except DataError:
        raise
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {error}.") from error

    def open_blocks() -> Iterator[bytes]:
        return stream_blocks(BytesIO(content), name=name)

    return Source(name=name, open_blocks=open_blocks, is_jsonl=is_jsonl, may_be_jsonl=may_be_jsonl)


def _begins_with_brace(source: Source) -> bool:
    return _first_block(source).lstrip().startswith(b"{")


def _first_block(source: Source) -> bytes:
    return next(without_mark(source.open_blocks(), name=source.name), b"")


def _warn_of_json(sources: Sequence[Source]) -> None:
    """Log a warning if JSON lines are read as plain text."""
    for source in sources:
        if source.may_be_jsonl and not source.is_jsonl and _holds_json(source):
            _logger.warning(
                "%s looks like JSON lines and is read as plain text; name the field of the text "
                "with --field to read it as JSON lines",
                source.name,
            )
            return


def _holds_json(source: Source) -> bool:
    line, _, _ = _first_block(source).partition(b"\n")
    return looks_like_jsonl(line.decode("utf-8", errors="replace"))
