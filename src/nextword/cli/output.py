"""Results on standard output, other messages on standard error. Knows no commands."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

SCHEMA = 1
#: A byte of a file name that is not UTF-8, as Python represents it.
_NAME_BYTE = re.compile("[\udc80-\udcff]")


def write_text(text: str) -> None:
    """Write text to standard output unchanged, and flush.

    Surrogates that stand for bytes of the input are written as those bytes.
    """
    _write(text.encode("utf-8", errors="surrogateescape"))


def write_line(text: str = "") -> None:
    """Write a line to standard output."""
    write_text(text + "\n")


def write_json(values: Mapping[str, Any]) -> None:
    """Write one JSON object, with its schema, as one line; NaN and infinities become null."""
    from nextword.base import with_nulls

    text = json.dumps(with_nulls({"schema": SCHEMA, **values}), ensure_ascii=False)
    # A lone surrogate is not valid UTF-8. Written as an escape, it is valid JSON.
    _write(text.encode("utf-8", errors="backslashreplace") + b"\n")


def _write(content: bytes) -> None:
    try:
        sys.stdout.flush()  # what others have printed comes first
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        from nextword.base import disk_full, is_full_disk

        if is_full_disk(error):
            raise disk_full("standard output") from error
        raise


def remark(text: str) -> None:
    """Write a line to standard error; errors while writing are ignored."""
    try:
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()
    except OSError:
        return


def visible(token: str) -> str:
    r"""Return a token on one line, quoted if it has blanks or is not printable.

    Example:
        >>> visible("books"), visible(" books"), visible("\n")
        ('books', "' books'", "'\\n'")
    """
    is_plain = token.isprintable() and token == token.strip() and token != ""
    return token if is_plain else repr(token)


def aligned(rows: list[tuple[str, str]]) -> str:
    """Return labels and values as lines, with the values in one column."""
    width = max((len(label) for label, _ in rows), default=0)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in rows)


def printable(text: str) -> str:
    r"""Return text that can be encoded as UTF-8: lone surrogates become escapes.

    A byte of a file name that is not UTF-8 is shown as `\xe9`, as in `nextword.text.shown_name`.

    Example:
        >>> printable("caf\udce9 \ud800")
        'caf\\xe9 \\ud800'
    """
    shown = _NAME_BYTE.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
    return shown.encode("utf-8", errors="backslashreplace").decode("utf-8")
