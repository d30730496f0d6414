"""Minimal pairs from files: BLiMP's JSON lines, or TSV."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nextword.base import DataError
from nextword.text import ByteStream, Document, open_corpus, text_lines

#: Names of the columns or keys, the preferred one first.
_GOOD = ("sentence_good", "good")
_BAD = ("sentence_bad", "bad")
_PARADIGM = ("UID", "paradigm")
_GROUP = ("linguistics_term", "group")
_HELP = (
    "Write JSON lines with sentence_good and sentence_bad, or TSV whose first line names the "
    "columns good and bad (optional: paradigm and group)."
)


@dataclass(frozen=True, kw_only=True)
class MinimalPair:
    """Two sentences that differ in one point; one is acceptable and the other is not.

    BLiMP has 7 pairs whose sentences are equal. They are always a tie.

    Attributes:
        good: The acceptable sentence.
        bad: The other one.
        paradigm: Name of the kind of difference.
        group: Name of the phenomenon that it belongs to.
        file: Where the pair was read, for messages.
        line: Its line there, from 1; its number among the pairs when None.
    """

    good: str
    bad: str
    paradigm: str = "all"
    group: str = "all"
    file: str = field(default="the pairs", compare=False)
    line: int | None = field(default=None, compare=False)


def read_pairs(
    files: Sequence[str], *, standard_input: ByteStream | None = None
) -> Iterator[MinimalPair]:
    """Iterate over the pairs of files, in order.

    A file is read as JSON lines if its first line begins with a brace, and as TSV otherwise. In
    JSON lines, the keys are those of BLiMP: `sentence_good`, `sentence_bad`, `UID` and
    `linguistics_term`; or `good`, `bad`, `paradigm` and `group`, as in TSV. Without a paradigm, the
    group is the paradigm.

    Source: [warstadt2020].

    Args:
        files: Files, folders, globs, or `-` for standard input; they may be compressed.
        standard_input: Stream for `-`.

    Raises:
        DataError: A file is missing, empty or damaged, a line lacks a sentence, or two columns have
            the same name.
    """
    corpus = open_corpus(
        files, encoding_errors=None, standard_input=standard_input, keeps_lines=True
    )
    for document in corpus:
        is_empty = True
        for line, values in _records(document):
            is_empty = False
            yield _pair(values, file=document.name, line=line)
        if is_empty:
            raise DataError(f"{document.name} has no pairs.", help=_HELP)


def _records(document: Document) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Iterate over the line numbers and values of the pairs of a document."""
    columns: list[str] | None = None
    for number, line in enumerate(text_lines(document.pieces(), name=document.name), start=1):
        text, place = line.removesuffix("\r"), f"{document.name}, line {number}"
        if not text.strip():
            continue
        if columns is None and text.lstrip().startswith("{"):
            columns = []
        if columns is None:
            columns = text.split("\t")
            twice = next((name for name in columns if columns.count(name) > 1), None)
            if twice is not None:
                raise DataError(f"{place}, names the column {twice!r} twice.", help=_HELP)
            if not (set(columns) & set(_GOOD) and set(columns) & set(_BAD)):
                raise DataError(f"{place}, names no columns good and bad.", help=_HELP)
        elif columns:
            fields = text.split("\t")
            if len(fields) != len(columns):
                raise DataError(
                    f"{place}, has {len(fields)} fields; the first line has {len(columns)}.",
                    help="Separate the columns by one tab.",
                )
            yield number, dict(zip(columns, fields, strict=True))
        else:
            yield number, _json_object(text, place=place)


def _json_object(text: str, *, place: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}, is not JSON: {error}.", help=_HELP) from error
    if not isinstance(values, dict):
        raise DataError(f"{place}, is not a JSON object.", help=_HELP)
    return values


def _pair(values: Mapping[str, Any], *, file: str, line: int) -> MinimalPair:
    place = f"{file}, line {line}"
    good, bad = (_sentence(values, names, place=place) for names in (_GOOD, _BAD))
    group = _name(values, _GROUP, default="all")
    paradigm = _name(values, _PARADIGM, default=group)
    return MinimalPair(good=good, bad=bad, paradigm=paradigm, group=group, file=file, line=line)


def _sentence(values: Mapping[str, Any], names: Sequence[str], *, place: str) -> str:
    found = next((values[name] for name in names if name in values), None)
    if not isinstance(found, str) or not found.strip() or "\n" in found:
        raise DataError(f"{place}, has no sentence {names[0]!r} or {names[1]!r}.", help=_HELP)
    return found


def _name(values: Mapping[str, Any], names: Sequence[str], *, default: str) -> str:
    return str(
        next((values[name] for name in names if values.get(name) not in (None, "")), default)
    )
