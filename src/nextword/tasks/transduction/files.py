"""Pairs of a source and its references, from TSV files and JSON lines, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nextword.base import DataError, did_you_mean, shortened
from nextword.tasks.texts import (
    BYTE_ORDER_MARK,
    check_characters,
    json_object,
    strict_pieces,
)
from nextword.text import ByteStream, Source, looks_like_jsonl, open_sources, text_lines

_SOURCE, _TARGET = "source", "target"
_FORMAT_HELP = (
    "Each line is SOURCE<TAB>TARGET, with further references after further tabs; or a JSON object "
    'such as {"source": "...", "target": "..."}, where target may be a list.'
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A source with its reference targets.

    Attributes:
        source: The source.
        references: Acceptable targets, each once; empty for a source alone.
        place: File and line, for messages.
    """

    source: str
    references: tuple[str, ...]
    place: str


def read_pairs(
    files: Sequence[str],
    *,
    with_targets: bool = True,
    standard_input: ByteStream | None = None,
    is_read_once: bool = False,
) -> Iterator[Pair]:
    r"""Iterate over the pairs of files, in order.

    Blank lines are skipped, or, without targets, returned as empty sources.

    A file is read as JSON lines if its name ends with `.jsonl` or `.ndjson`, or if its first line
    is a JSON object with a text. Other files are TSV files without quotation; a carriage return at
    the end of a line is not part of it.

    Args:
        files: Files, globs, or `-` for standard input; compressed or not.
        with_targets: Whether every line must have a target. Without, a line may be a source alone,
            and its targets are read if it has any.
        standard_input: Stream for `-`.
        is_read_once: Whether standard input is read line by line as it comes.

    Raises:
        DataError: A file is missing, empty or damaged, or a line has no source or no target.
    """
    sources = open_sources(
        files,
        field=None,
        standard_input=standard_input,
        is_read_once=is_read_once,
        detects_json=True,
    )
    for source in sources:
        yield from _pairs_of(source, with_targets=with_targets)


def _pairs_of(source: Source, *, with_targets: bool) -> Iterator[Pair]:
    pieces = strict_pieces(source)
    is_empty, is_jsonl = True, source.is_jsonl
    for number, line in enumerate(text_lines(pieces, name=source.name), start=1):
        content = line.removesuffix("\r").removeprefix(BYTE_ORDER_MARK)
        if not content.strip():
            if not with_targets:
                yield Pair(source="", references=(), place=f"{source.name}:{number}")
            continue
        if is_empty:
            is_jsonl, is_empty = is_jsonl or looks_like_jsonl(content), False
        place = f"{source.name}:{number}"
        read = _json_pair if is_jsonl else _tabbed_pair
        yield read(content, place, with_targets=with_targets)
    if is_empty and with_targets:
        raise DataError(f"{source.name} is empty: it has no pairs.", help=_FORMAT_HELP)


def _tabbed_pair(line: str, place: str, *, with_targets: bool) -> Pair:
    source, *references = line.split("\t")
    if with_targets and not references:
        raise DataError(
            f"{place} has no tab: {shortened(line)} is a source without a target.",
            help=_FORMAT_HELP,
        )
    # Spreadsheets pad lines with fewer references to the same number of columns.
    while len(references) > 1 and not references[-1]:
        references.pop()
    return _checked(source, references, place)


def _json_pair(line: str, place: str, *, with_targets: bool) -> Pair:
    values = json_object(line, place=place, help=_FORMAT_HELP)
    if _SOURCE not in values or (with_targets and _TARGET not in values):
        missing = _SOURCE if _SOURCE not in values else _TARGET
        raise DataError(
            f"{place} has no key {missing!r}.", help=did_you_mean(missing, values) or _FORMAT_HELP
        )
    targets = values.get(_TARGET, [])
    if targets is None and not with_targets:
        targets = []
    references = [targets] if isinstance(targets, str) else targets
    if not isinstance(values[_SOURCE], str):
        raise DataError(f"{place}: the source is not text but {shortened(str(values[_SOURCE]))}.")
    if not isinstance(references, list) or not all(isinstance(each, str) for each in references):
        raise DataError(
            f"{place}: the target is neither a text nor a list of texts.", help=_FORMAT_HELP
        )
    if with_targets and not references:
        raise DataError(f"{place}: the list of targets is empty.", help=_FORMAT_HELP)
    check_characters([values[_SOURCE], *references], place=place)
    return _checked(values[_SOURCE], references, place)


def _checked(source: str, references: Sequence[str], place: str) -> Pair:
    if not source.strip():
        raise DataError(f"{place}: the source is empty.", help=_FORMAT_HELP)
    if any(not reference.strip() for reference in references):
        raise DataError(f"{place}: a target is empty.", help=_FORMAT_HELP)
    return Pair(source=source, references=tuple(dict.fromkeys(references)), place=place)
