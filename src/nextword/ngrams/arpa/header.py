r"""Reading the header of an ARPA file: the lines before `\data\`, and the counts after it.

Many programs write a licence, a date or a format description before `\data\`; that of
CMU-Cambridge mentions `\data\` inside a sentence. The data begins at the first line that is exactly
`\data\`. nextword itself writes a comment there that names the kind of token (see `spelling`).
"""

import re
from collections.abc import Iterator

from nextword.ngrams.arpa.lines import ArpaLines
from nextword.ngrams.arpa.spelling import NOTE

_DATA = b"\\data\\"
#: A file without `\data\` is refused after this many lines, not only at its end.
_MAX_LINES_BEFORE = 10_000
_IRSTLM = "Convert it with compile-lm --text=yes."
_SPHINX = "Convert it with sphinx_lm_convert -ofmt arpa."
#: How files of other formats begin, what they are, and how to convert them.
_OTHER_FORMATS = (
    (b"mmap lm ", "KenLM's binary format", "Write it as text instead: lmplz --arpa FILE."),
    (b"iARPA", "IRSTLM's iARPA, which has no back-off weights", _IRSTLM),
    (b"qARPA", "IRSTLM's quantized format", _IRSTLM),
    (b"blmt", "IRSTLM's binary format", _IRSTLM),
    (b"Qblmt", "IRSTLM's binary format", _IRSTLM),
    (b"SRILM_BINARY", "SRILM's binary format", "Convert it with ngram -lm FILE -write-lm OUT."),
    (b"Trie Language Model", "Sphinx's binary format", _SPHINX),
    (b"\0\0\0Darpa", "Sphinx's binary format", _SPHINX),
)
_COUNT = re.compile(rb"ngram[ \t]+(\d+)[ \t]*=[ \t]*(\d+)")
#: Numbers of so many digits fit into 64 bits.
_MAX_DIGITS = 18


def read_note(lines: ArpaLines, content: Iterator[bytes]) -> tuple[str, int]:
    r"""Read up to and including the line `\data\`.

    Args:
        lines: The file, for its line numbers and errors.
        content: Iterator over `lines`.

    Returns:
        The kind of token that a comment of nextword names, `word` without one; and the number of
        its line.

    Raises:
        FormatError: There is no line `\data\`, or the file has another format.
    """
    kind, number = "word", 0
    first: bytes | None = None
    for line in content:
        if line == _DATA and not lines.is_indented:
            return kind, number
        if first is None:
            first = line
            _refuse_other_formats(lines, line)
        if b"\0" in line or lines.number > _MAX_LINES_BEFORE:
            break
        if line.startswith(NOTE.encode()):
            kind, number = lines.word(line[len(NOTE) :]), lines.number
    if first and b"\r" in first:
        lines.fail(
            "the lines end with a carriage return (CR) only.",
            help="Convert the file: tr '\\r' '\\n' <OLD >NEW",
        )
    beginning = f"; it begins with {line_shown(first)}" if first else " and is empty"
    lines.fail(
        f"the file has no line \\data\\, so it is not an ARPA file{beginning}.",
        help="Name an ARPA file in text form, compressed or not, or name a model folder.",
    )


def read_counts(lines: ArpaLines, content: Iterator[bytes]) -> tuple[list[int], bytes]:
    r"""Return the number of n-grams of each order, order 1 first, and the line that follows.

    Args:
        lines: The file, for its line numbers and errors.
        content: Iterator over `lines`, after the line `\data\`.

    Raises:
        FormatError: A count is missing or does not fit into 64 bits, or the orders are not 1, 2,
            3, ...
    """
    counts: list[int] = []
    for line in content:
        match = _COUNT.fullmatch(line)
        if match is None:
            if not counts:
                lines.fail(f"expected 'ngram 1=COUNT', not {line_shown(line)}.")
            return counts, line
        order, count = _number(lines, match[1]), _number(lines, match[2])
        if order != len(counts) + 1:
            lines.fail(f"expected the count of order {len(counts) + 1}, not of order {order}.")
        counts.append(count)
    lines.fail("the file ends inside the header.")


def _number(lines: ArpaLines, digits: bytes) -> int:
    if len(digits.lstrip(b"0")) > _MAX_DIGITS:
        lines.fail(
            f"the number {line_shown(digits)} is too large: it has more than {_MAX_DIGITS} digits.",
            help="The header is damaged; write the file again.",
        )
    return int(digits.lstrip(b"0") or b"0")


def line_shown(line: bytes) -> str:
    """Return a line for an error message, shortened and printable."""
    shown = line[:40].decode("utf-8", errors="backslashreplace")
    return repr(shown) if len(line) <= 40 else repr(shown) + "..."


def _refuse_other_formats(lines: ArpaLines, line: bytes) -> None:
    for beginning, format_name, help in _OTHER_FORMATS:
        if line.startswith(beginning):
            lines.fail(f"this is {format_name}, not an ARPA file.", help=help)
