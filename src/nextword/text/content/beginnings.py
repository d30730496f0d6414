"""Detect byte order marks and content that is not UTF-8 text, from the first bytes.

Knows nothing of files or lines.
"""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from nextword.base import DataError

#: Number of bytes that identifies every format, including tar archives.
_EXAMINED_BYTES = 1 << 12
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_MAX_MARK_BYTES = 4

_TAR_MAGIC, _TAR_OFFSET = b"ustar", 257
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive (or a document made of one)",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x1f\x8b": "a gzip file",
    b"BZh91AY&SY": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"\x1f\x9d": "a file packed with compress (.Z)",
    b"\x04\x22\x4d\x18": "an lz4 file",
    b"LZIP\x01": "an lzip file",
    b"\x5d\x00\x00": "a file packed with lzma (.lzma)",
    b"PAR1": "a Parquet file",
    b"%PDF-": "a PDF document",
}
#: Shares of NUL bytes at even and odd offsets that occur only in UTF-16.
_MANY, _FEW = 0.9, 0.1
_ADVICE = " If it is not, keep such bytes with --encoding-errors surrogateescape."


def without_mark(blocks: Iterable[bytes], *, name: str) -> Iterator[bytes]:
    """Return blocks without a UTF-8 byte order mark at the start.

    Args:
        blocks: The decompressed content.
        name: Name of the content in error messages.

    Raises:
        DataError: The content starts with the byte order mark of UTF-16 or UTF-32.
    """
    beginning, rest = _gather(blocks)
    _refuse_marks(beginning, name)
    return chain(filter(None, [beginning.removeprefix(codecs.BOM_UTF8)]), rest)


def text_blocks(
    blocks: Iterable[bytes], *, name: str, encoding_errors: str | None
) -> Iterator[bytes]:
    """Return the blocks unchanged; raise an error if they are not text.

    Args:
        blocks: The decompressed content.
        name: Name of the content in error messages.
        encoding_errors: With `surrogateescape` all bytes count as text; see `decode_blocks`.

    Raises:
        DataError: The content is UTF-16, UTF-32, an archive or a document.
    """
    beginning, rest = _gather(blocks)
    if encoding_errors in ("strict", None):
        _refuse_marks(beginning, name)
        refuse_archives(beginning, name)
        _refuse_unmarked_utf16(
            beginning[:_EXAMINED_BYTES], name, has_choice=encoding_errors is not None
        )
    return chain([beginning], rest)


def _gather(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first blocks joined, enough to identify a byte order mark, and the others."""
    rest = iter(blocks)
    beginning = b""
    while not _is_past_marks(beginning) and (more := next(rest, b"")):
        beginning += more
    return beginning, rest


def _is_past_marks(beginning: bytes) -> bool:
    """Return whether more bytes cannot complete a mark; interactive input must not wait."""
    if len(beginning) >= _MAX_MARK_BYTES:
        return True
    marks = (codecs.BOM_UTF8, *_MARKS)
    return bool(beginning) and not any(mark.startswith(beginning) for mark in marks)


def _refuse_marks(beginning: bytes, name: str) -> None:
    for mark, encoding in _MARKS.items():
        if beginning.startswith(mark):
            raise DataError(
                f"{name} is {encoding}, not UTF-8: it starts with the byte order mark "
                f"{mark.hex(' ')}.",
                help=_convert(encoding),
            )


def refuse_archives(beginning: bytes, name: str) -> None:
    """Raise a `DataError` if content begins like an archive or a document.

    Args:
        beginning: The first bytes, decompressed.
        name: Name of the content in the error message.
    """
    kinds = [kind for magic, kind in _ARCHIVES.items() if beginning.startswith(magic)]
    if beginning.startswith(_TAR_MAGIC, _TAR_OFFSET):
        kinds = ["a tar archive"]
    if kinds:
        raise DataError(
            f"{name} is not plain text: it is {kinds[0]}.",
            help="Unpack it and name the files or the folder, or convert it to text.",
        )


def _refuse_unmarked_utf16(beginning: bytes, name: str, *, has_choice: bool) -> None:
    """Refuse UTF-16 without a mark; English in UTF-16 is valid UTF-8 with every second byte NUL."""
    size = len(beginning) // 2
    if size < _MAX_MARK_BYTES:
        return
    even, odd = (beginning[start::2].count(0) / size for start in (0, 1))
    if (even >= _MANY and odd <= _FEW) or (odd >= _MANY and even <= _FEW):
        raise DataError(
            f"{name} looks like UTF-16, not UTF-8: every second byte is NUL.",
            help=_convert("UTF-16LE" if odd > even else "UTF-16BE")
            + (_ADVICE if has_choice else ""),
        )


def _convert(encoding: str) -> str:
    return f"Convert it: iconv -f {encoding} -t UTF-8 OLD > NEW."
