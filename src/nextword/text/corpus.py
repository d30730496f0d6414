"""Corpora: sequences of documents, opened from files and streams. Keeps no text in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from nextword.base import ConfigError, did_you_mean
from nextword.text.content import ByteStream
from nextword.text.documents import Document, decode_blocks
from nextword.text.jsonl import DEFAULT_FIELD, jsonl_documents
from nextword.text.names import shown_name
from nextword.text.sources import Source, open_sources

_ENCODING_ERRORS = ("strict", "surrogateescape")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    r"""Documents in a fixed order; each iteration reads them again.

    Attributes:
        description: Source of the text, as the user wrote it.
        open_documents: Returns an iterator over all documents.
        num_json_sources: Number of files and streams that are read as JSON lines.

    Example:
        >>> from nextword.text import text_document
        >>> document = text_document("one\ntwo\n", name="example")
        >>> corpus = Corpus(description="example", open_documents=lambda: iter([document]))
        >>> [document.name for document in corpus]
        ['example']
    """

    description: str
    open_documents: Callable[[], Iterator[Document]] = field(repr=False)
    num_json_sources: int = 0

    def __iter__(self) -> Iterator[Document]:
        return self.open_documents()

    def pieces(self) -> Iterator[str]:
        """Iterate over the text of all documents, in pieces of about 1 MB."""
        for document in self:
            yield from document.pieces()


def open_corpus(
    specs: Sequence[str],
    *,
    field: str | None = None,
    needs_json: bool = True,
    encoding_errors: str | None = "strict",
    standard_input: ByteStream | None = None,
    is_read_once: bool = False,
    keeps_lines: bool = False,
) -> Corpus:
    """Open texts as a corpus, in the given order.

    Each of `specs` is a file, a folder, a glob, `-` for standard input, or `stdlib:` (the sources
    of the Python standard library). gzip, bzip2, xz and Zstandard are recognized by the first bytes
    of the content and decompressed.

    Each line of a `.jsonl` or `.ndjson` file is a document. With a `field`, this also applies to
    `.json` files, to standard input, and to every file that starts with `{`.

    A UTF-8 byte order mark at the start of a file is skipped. All other bytes are kept, including
    carriage returns.

    Args:
        specs: Texts as the user typed them, at least one.
        field: Key of the text in JSON lines; `text` if None.
        needs_json: Whether to raise an error if a `field` is given and no text is JSON lines.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8. None is
            strict too, and errors do not advise the other value.
        standard_input: Stream for `-`; its content, compressed or not, is kept in memory.
        is_read_once: Whether standard input is read during iteration and not kept. The corpus can
            then be iterated only once.
        keeps_lines: Whether the lines of JSON files are returned as they are instead of parsed,
            and no line is split. For formats in which a line is a record.

    Returns:
        A corpus. Files are located now and read when the corpus is iterated.

    Raises:
        ConfigError: No text is named, `encoding_errors` is invalid, or a field is given and no
            text is JSON lines.
        DataError: A file is missing or a folder contains no text. During iteration: a file is
            damaged or not UTF-8, or a line is not JSON or lacks the field.
    """
    if not specs:
        raise ConfigError("no text was named.", help="Name a file, a folder, a glob, - or stdlib:.")
    if encoding_errors is not None and encoding_errors not in _ENCODING_ERRORS:
        raise ConfigError(
            f"encoding_errors is {encoding_errors!r}.",
            help=did_you_mean(encoding_errors, _ENCODING_ERRORS),
        )
    sources = open_sources(
        specs,
        field=field,
        standard_input=standard_input,
        is_read_once=is_read_once,
        is_raw=keeps_lines,
    )
    num_json_sources = sum(source.is_jsonl for source in sources)
    if field is not None and needs_json and not num_json_sources:
        raise unused_field_error(field, sources[0].name)
    return Corpus(
        description=" ".join(map(shown_name, specs)),
        num_json_sources=num_json_sources,
        open_documents=partial(
            _documents,
            sources,
            field=DEFAULT_FIELD if field is None else field,
            encoding_errors=encoding_errors,
            keeps_lines=keeps_lines,
        ),
    )


def unused_field_error(field: str, name: str) -> ConfigError:
    """Return the error for a field that applies to no text.

    Args:
        field: The field.
        name: Name of a text that is not JSON lines.
    """
    return ConfigError(
        f"--field {field} cannot apply: {name} is plain text, not JSON lines.",
        help="Leave --field out, or name a .jsonl, .ndjson or .json file.",
    )


def _documents(
    sources: Sequence[Source], *, field: str, encoding_errors: str | None, keeps_lines: bool
) -> Iterator[Document]:
    for source in sources:
        may_cut_lines = not (source.is_jsonl or keeps_lines)
        open_pieces = partial(
            _open_pieces, source, encoding_errors=encoding_errors, may_cut_lines=may_cut_lines
        )
        if source.is_jsonl:
            yield from jsonl_documents(
                open_pieces(),
                name=source.name,
                field=field,
                encoding_errors=encoding_errors or "strict",
            )
        else:
            yield Document(name=source.name, open_pieces=open_pieces)


def _open_pieces(
    source: Source, *, encoding_errors: str | None, may_cut_lines: bool
) -> Iterator[str]:
    return decode_blocks(
        source.open_blocks(),
        name=source.name,
        encoding_errors=encoding_errors,
        may_cut_lines=may_cut_lines,
    )
