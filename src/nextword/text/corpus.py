"""Corpora: any number of documents, opened from what the user typed. Keeps no text in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

from nextword.base import ConfigError, DataError, did_you_mean
from nextword.text.blocks import BLOCK_BYTES, COMPRESSED_SUFFIXES, read_blocks
from nextword.text.documents import Document, decode_blocks
from nextword.text.jsonl import jsonl_documents
from nextword.text.places import STANDARD_LIBRARY, find_files, standard_library_folder

_ENCODING_ERRORS = ("strict", "surrogateescape")
_STANDARD_INPUT = "-"


@runtime_checkable
class ByteStream(Protocol):
    """A stream of bytes that can be read, such as `sys.stdin.buffer`."""

    def read(self, size: int = ..., /) -> bytes:
        """Give up to `size` bytes, or all that are left."""
        ...


@dataclass(frozen=True, kw_only=True)
class Corpus:
    r"""Documents in a fixed order, read anew each time they are iterated.

    Attributes:
        description: Where the text came from, as the user wrote it.
        open_documents: Starts again at the first document.

    Example:
        >>> from nextword.text import text_document
        >>> document = text_document("one\ntwo\n", name="example")
        >>> corpus = Corpus(description="example", open_documents=lambda: iter([document]))
        >>> [document.name for document in corpus]
        ['example']
    """

    description: str
    open_documents: Callable[[], Iterator[Document]] = field(repr=False)

    def __iter__(self) -> Iterator[Document]:
        return self.open_documents()

    def pieces(self) -> Iterator[str]:
        """Give the text of all documents one after the other, in pieces of about 1 MB."""
        for document in self:
            yield from document.pieces()


@dataclass(frozen=True, kw_only=True)
class _Source:
    """A name and a way to read its bytes from the beginning."""

    name: str
    open_blocks: Callable[[], Iterator[bytes]]
    is_jsonl: bool = False


def open_corpus(
    specs: Sequence[str],
    *,
    field: str = "text",
    encoding_errors: str = "strict",
    standard_input: ByteStream | None = None,
) -> Corpus:
    """Open the texts that the user named, in the order given.

    Each of `specs` is a file, a folder, a glob, `-` for standard input, or `stdlib:` (the sources
    of the running Python's standard library). `.gz`, `.bz2`, `.xz` and `.zst` are decompressed;
    each line of a `.jsonl` file is a document. The bytes are kept exactly, byte order marks and
    carriage returns included.

    Args:
        specs: What the user typed, at least one.
        field: The key of the text in `.jsonl` files.
        encoding_errors: `strict`, or `surrogateescape` to carry bytes that are not UTF-8.
        standard_input: The stream that `-` stands for; read once, into memory.

    Returns:
        A corpus; files are found now and read when it is iterated.

    Raises:
        ConfigError: No text is named, or `encoding_errors` is neither of the two.
        DataError: A file is missing or a folder holds no text; while iterating, a file is damaged
            or is not UTF-8.
    """
    if not specs:
        raise ConfigError("no text was named.", help="Name a file, a folder, a glob, - or stdlib:.")
    if encoding_errors not in _ENCODING_ERRORS:
        raise ConfigError(
            f"the treatment of encoding errors is {encoding_errors!r}.",
            help=did_you_mean(encoding_errors, _ENCODING_ERRORS),
        )
    sources = [source for spec in specs for source in _sources(spec, standard_input)]
    return Corpus(
        description=" ".join(specs),
        open_documents=partial(_documents, sources, field=field, encoding_errors=encoding_errors),
    )


def _sources(spec: str, standard_input: ByteStream | None) -> list[_Source]:
    if spec == _STANDARD_INPUT:
        if standard_input is None:
            raise DataError("the text '-' was named, but there is no standard input here.")
        return [_memory_source("standard input", standard_input)]
    files = find_files(spec)
    if spec == STANDARD_LIBRARY:
        folder = standard_library_folder()
        return [
            _file_source(path, f"{STANDARD_LIBRARY}{path.relative_to(folder).as_posix()}")
            for path in files
        ]
    return [_file_source(path, str(path)) for path in files]


def _file_source(path: Path, name: str) -> _Source:
    if path.is_fifo():
        # A pipe can be read once only, like standard input.
        with path.open("rb") as file:
            return _memory_source(name, file)
    stem = Path(path.stem) if path.suffix.lower() in COMPRESSED_SUFFIXES else path
    is_jsonl = stem.suffix.lower() == ".jsonl"
    return _Source(name=name, open_blocks=partial(read_blocks, path), is_jsonl=is_jsonl)


def _memory_source(name: str, stream: ByteStream) -> _Source:
    return _Source(name=name, open_blocks=partial(_blocks_of, stream.read()))


def _blocks_of(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), BLOCK_BYTES):
        yield content[start : start + BLOCK_BYTES]


def _documents(
    sources: Sequence[_Source], *, field: str, encoding_errors: str
) -> Iterator[Document]:
    for source in sources:
        open_pieces = partial(_open_pieces, source, encoding_errors)
        if source.is_jsonl:
            yield from jsonl_documents(
                open_pieces(), name=source.name, field=field, encoding_errors=encoding_errors
            )
        else:
            yield Document(name=source.name, open_pieces=open_pieces)


def _open_pieces(source: _Source, encoding_errors: str) -> Iterator[str]:
    return decode_blocks(source.open_blocks(), name=source.name, encoding_errors=encoding_errors)
