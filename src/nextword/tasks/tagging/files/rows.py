"""The lines of tagged files: their kinds and fields. Knows nothing of files or of labels."""

import re
from dataclasses import dataclass
from enum import StrEnum

_FIELD = re.compile(r"[^ \t]+")
_LINE_END = "\r\n"
_BLANKS = " \t"
_WORD_ID = re.compile(r"[0-9]+")
_OTHER_ID = re.compile(r"[0-9]+[-.][0-9]+")
_SETTING = re.compile(r"#\s*[\w.:-]+\s*=(?:\s|$)")
_DOCUMENT_START = "-DOCSTART-"
_BYTE_ORDER_MARK = "\ufeff"


class FileFormat(StrEnum):
    """The formats of files with one word a line, and plain text."""

    CONLLU = "conllu"
    COLUMNS = "columns"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class RowSyntax:
    """How the rows of a file are split into fields.

    Attributes:
        has_tabs: Whether tabs separate the fields, which then may contain blanks. Otherwise runs of
            blanks and tabs do. Other white space, such as a no-break space, is part of a word.
    """

    has_tabs: bool

    def split(self, line: str) -> list[str]:
        """Return the fields of a line, without blanks around them."""
        content = line.rstrip(_LINE_END)
        if not self.has_tabs:
            return _FIELD.findall(content)
        return [field.strip(" ") for field in content.split("\t")]

    def replace(self, line: str, *, index: int, value: str) -> str:
        """Return a line with a field replaced, or appended if the line has fewer fields.

        Args:
            line: The line; its line end, and the blanks between fields, are kept.
            index: Index of the field.
            value: The new field.
        """
        content = line.rstrip(_LINE_END)
        end = line[len(content) :]
        spans = self._spans(content)
        if index < len(spans):
            start, stop = spans[index]
            return f"{content[:start]}{value}{content[stop:]}{end}"
        separator = "\t" if self.has_tabs or len(spans) == 1 else " "
        if not self.has_tabs:
            content = content.rstrip(_BLANKS)
        return f"{content}{separator}{value}{end}"

    def _spans(self, content: str) -> list[tuple[int, int]]:
        if not self.has_tabs:
            return [match.span() for match in _FIELD.finditer(content)]
        spans, offset = [], 0
        for field in content.split("\t"):
            start = offset + len(field) - len(field.lstrip(" "))
            spans.append((start, max(start, offset + len(field.rstrip(" ")))))
            offset += len(field) + 1
        return spans


def without_mark(line: str) -> str:
    """Return a line without a byte order mark at its start."""
    return line.removeprefix(_BYTE_ORDER_MARK)


def is_blank(line: str) -> bool:
    """Return whether a line consists of blanks and tabs; other white space may be a word."""
    return not line.strip(_BLANKS + _LINE_END)


def is_document_start(line: str) -> bool:
    """Return whether a line separates documents, as in the files of CoNLL-2003."""
    field = _FIELD.match(line.rstrip(_LINE_END))
    return field is not None and field[0] == _DOCUMENT_START


def is_setting(line: str) -> bool:
    """Return whether a line is a comment with a name and a value, such as `# sent_id = 3`."""
    return _SETTING.match(line) is not None


def is_word_id(field: str) -> bool:
    """Return whether the id of a row of CoNLL-U is that of a word."""
    return _WORD_ID.fullmatch(field) is not None


def is_other_id(field: str) -> bool:
    """Return whether an id is that of a multiword token, such as 3-4, or an empty node, as 8.1."""
    return _OTHER_ID.fullmatch(field) is not None
