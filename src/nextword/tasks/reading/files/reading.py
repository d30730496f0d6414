"""Questions from files of any format; the format is detected from the content."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain

from nextword.base import DataError, shortened
from nextword.tasks.reading.files.babi import babi_items, looks_like_babi
from nextword.tasks.reading.files.item import Item
from nextword.tasks.reading.files.json_lines import FORMAT_HELP, json_item
from nextword.tasks.reading.files.squad import squad_items
from nextword.tasks.texts import BYTE_ORDER_MARK, strict_pieces
from nextword.text import ByteStream, Source, open_sources, text_lines

_FORMATS_HELP = (
    f"{FORMAT_HELP} SQuAD's JSON files and the text files of the bAbI tasks are read too."
)


def read_items(
    files: Sequence[str],
    *,
    with_answers: bool = True,
    standard_input: ByteStream | None = None,
    is_read_once: bool = False,
) -> Iterator[Item]:
    """Iterate over the questions of files, in order.

    A file is that of a bAbI task if its first line begins with the number 1; it is SQuAD's if it is
    one JSON object with the key `data`; all other files are JSON lines. SQuAD's files are read into
    memory; the others are not.

    Args:
        files: Files, globs, or `-` for standard input; compressed or not.
        with_answers: Whether every question must have an answer.
        standard_input: Stream for `-`.
        is_read_once: Whether standard input is read line by line as it comes.

    Raises:
        DataError: A file is missing, empty or damaged, or a line lacks something.
    """
    sources = open_sources(
        files,
        field=None,
        standard_input=standard_input,
        is_read_once=is_read_once,
        detects_json=True,
    )
    for source in sources:
        yield from _items_of(source, with_answers=with_answers)


def _items_of(source: Source, *, with_answers: bool) -> Iterator[Item]:
    lines = _lines(source)
    first = next(lines, None)
    if first is None:
        if with_answers:
            raise DataError(f"{source.name} is empty: it has no questions.", help=_FORMATS_HELP)
        return
    number, line = first
    lines = chain([first], lines)
    if looks_like_babi(line):
        yield from babi_items(lines, name=source.name, with_answers=with_answers)
    elif _looks_like_squad(line):
        text = "\n".join(line for _, line in lines)
        yield from squad_items(text, name=source.name, with_answers=with_answers)
    elif line.lstrip().startswith("{"):
        for number, line in lines:
            yield json_item(line, f"{source.name}:{number}", with_answers=with_answers)
    else:
        raise DataError(
            f"{source.name}:{number} is neither a JSON object nor a line of a bAbI story: "
            f"{shortened(line)}.",
            help=_FORMATS_HELP,
        )


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that are not blank, without byte order marks."""
    lines = text_lines(strict_pieces(source), name=source.name)
    for number, line in enumerate(lines, start=1):
        content = line.removesuffix("\r").removeprefix(BYTE_ORDER_MARK)
        if content.strip():
            yield number, content


def _looks_like_squad(line: str) -> bool:
    """Return whether a first line is a JSON object with the key `data`, or the beginning of one."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        # An object over several lines. A damaged JSON line has other keys.
        return '"passage"' not in line and ('"data"' in line or line.strip() in ("{", "{}"))
    return isinstance(values, dict) and "data" in values and "passage" not in values
