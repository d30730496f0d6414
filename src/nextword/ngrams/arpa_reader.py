r"""Reading ARPA files from lmplz, SRILM and others, refusing malformed ones by line.

    \data\           header: how many n-grams of each order
    ngram 1=4
    \1-grams:        a section for each order: log10 probability, words, log10 back-off
    -1.2 the -0.3
    \end\

Fields stand apart by tabs or blanks; a missing back-off is 0; blank lines are skipped, and lines
with # before the header, but for the one that says what the tokens are (`arpa_spelling`). As KenLM
does it, a file without `<unk>` (SRILM) gets one of log10 probability -100, a file without `<s>` or
`</s>` is refused, and so is an n-gram whose first words are no n-gram themselves; its last words
need not be one. Counts are checked against what is there, and nothing is sized by them.
"""

import logging
import re
from array import array
from collections.abc import Callable, Iterator, MutableSequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64

from nextword.base import DataError
from nextword.ngrams.arpa_lines import ArpaLines, LineStream
from nextword.ngrams.arpa_spelling import (
    END_ID,
    NOTE,
    SPECIAL_WORDS,
    START_ID,
    UNKNOWN_ID,
    tokenizer_of_spellings,
)
from nextword.ngrams.arpa_vocabulary import ArpaVocabulary
from nextword.ngrams.tables import NOT_FOUND, NgramTables
from nextword.tokens import Tokenizer

_logger = logging.getLogger(__name__)

#: log10 probability of unknown words where the file has none.
MISSING_UNKNOWN = -100.0

_COUNT = re.compile(rb"ngram\s+(\d{1,18})\s*=\s*(\d{1,18})")
_LN_10 = float(np.log(10.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class ArpaModel:
    """What an ARPA file holds.

    Attributes:
        tokenizer: Of its words, the four special ones first, the others as they stand in the file.
        tables: Probabilities and back-off weights.
    """

    tokenizer: Tokenizer
    tables: NgramTables


def read_arpa(
    stream: LineStream, *, name: str, on_progress: Callable[[int], None] | None = None
) -> ArpaModel:
    """Read an ARPA file.

    Args:
        stream: Its bytes, decompressed.
        name: What it is called in errors.
        on_progress: Is told how many lines were read.

    Raises:
        FormatError: The file is malformed; the message names the line.
    """
    lines = ArpaLines(stream, name=name, on_progress=on_progress)
    content = iter(lines)
    note = _read_note(lines, content)
    counts, heading = _read_counts(lines, content)
    vocabulary = ArpaVocabulary()
    tables = NgramTables(vocab_size=0, keys=(), log_probs=(), backoffs=())
    for order, count in enumerate(counts, 1):
        _expect(lines, heading, rb"\%d-grams:" % order)
        section = _Section(order=order, is_highest=order == len(counts))
        heading = _read_section(lines, content, section, vocabulary)
        if len(section.log_probs) != count:
            lines.fail(
                f"{len(section.log_probs):,} {order}-grams stand above, but the header says "
                f"{count:,}."
            )
        if order == 1:
            tables = _with_words(lines, section, vocabulary)
        else:
            tables = _with_ngrams(lines, section, tables)
    _expect(lines, heading, b"\\end\\")
    if (extra := next(content, None)) is not None:
        lines.fail(f"{_line_shown(extra)} stands after \\end\\.")
    return ArpaModel(tokenizer=_tokenizer(lines, note, vocabulary), tables=tables)


@dataclass(kw_only=True)
class _Section:
    """The n-grams of one order as they are read, one entry a line."""

    order: int
    is_highest: bool
    ids: MutableSequence[int] = field(default_factory=lambda: array("q"))
    log_probs: MutableSequence[float] = field(default_factory=lambda: array("d"))
    backoffs: MutableSequence[float] = field(default_factory=lambda: array("d"))
    line_numbers: MutableSequence[int] = field(default_factory=lambda: array("q"))

    def word_ids(self) -> Int64[np.ndarray, "num_ngrams order"]:
        """Give the words of each n-gram."""
        return np.array(self.ids, dtype=np.int64).reshape(-1, self.order)


def _read_note(lines: ArpaLines, content: Iterator[bytes]) -> tuple[str, int]:
    """Read up to the header, and give what a note says of the tokens, and its line."""
    kind, number = "word", 0
    first = b""
    for first in content:
        if not first.startswith(b"#"):
            break
        if first.startswith(NOTE.encode()):
            kind, number = lines.word(first[len(NOTE) :]), lines.number
    if first != b"\\data\\":
        lines.fail(
            f"an ARPA file begins with \\data\\, not with {_line_shown(first)}.",
            help="Give a text ARPA file: KenLM's and IRSTLM's binary files must be made again as "
            "text (lmplz --arpa, compile-lm --text yes); a compressed one is named .gz.",
        )
    return kind, number


def _read_counts(lines: ArpaLines, content: Iterator[bytes]) -> tuple[list[int], bytes]:
    """Give the count of each order, and the line after them."""
    counts: list[int] = []
    for line in content:
        match = _COUNT.fullmatch(line)
        if match is None:
            if not counts:
                lines.fail(f"'ngram 1=COUNT' is expected, not {_line_shown(line)}.")
            return counts, line
        order, count = int(match[1]), int(match[2])
        if order != len(counts) + 1:
            lines.fail(f"the count of order {len(counts) + 1} is expected, not of {order}.")
        counts.append(count)
    lines.fail("the file ends within the header.")


def _read_section(
    lines: ArpaLines, content: Iterator[bytes], section: _Section, vocabulary: ArpaVocabulary
) -> bytes:
    """Read the n-grams of an order, and give the heading that follows them."""
    for line in content:
        if line.startswith(b"\\"):
            return line
        fields = line.split()
        if not section.order < len(fields) <= section.order + 2:
            lines.fail(
                f"{_line_shown(line)} is no {section.order}-gram: a log-probability, "
                f"{section.order} words and perhaps a back-off weight are expected."
            )
        section.log_probs.append(lines.log_prob(fields[0]))
        section.ids.extend(_ids(lines, fields[1 : section.order + 1], vocabulary))
        has_backoff = len(fields) == section.order + 2
        backoff = lines.backoff(fields[-1]) if has_backoff else 0.0
        if backoff and section.is_highest:
            lines.fail(f"the back-off weight {backoff:g} has no use at the highest order.")
        section.backoffs.append(backoff)
        section.line_numbers.append(lines.number)
    lines.fail(f"the file ends within the {section.order}-grams; \\end\\ is missing.")


def _ids(lines: ArpaLines, spellings: list[bytes], vocabulary: ArpaVocabulary) -> list[int]:
    if len(spellings) == 1:
        return [vocabulary.add(lines, spellings[0])]
    try:
        return [vocabulary.ids[spelling] for spelling in spellings]
    except KeyError as error:
        lines.fail(f"the word {lines.word(error.args[0])!r} is not among the 1-grams.")


def _tokenizer(lines: ArpaLines, note: tuple[str, int], vocabulary: ArpaVocabulary) -> Tokenizer:
    kind, number = note
    try:
        return tokenizer_of_spellings(kind, vocabulary.words)
    except DataError as error:
        lines.fail(error.message, line=number, help=error.help)


def _with_words(lines: ArpaLines, section: _Section, vocabulary: ArpaVocabulary) -> NgramTables:
    """Make the tables of order 1, with an entry for each id."""
    ids = np.array(section.ids, dtype=np.int64)
    for missing in (START_ID, END_ID):
        if missing not in section.ids:
            lines.fail(
                f"the 1-grams lack {SPECIAL_WORDS[missing]}.",
                help="Estimate the model on sentences with their begin and end marked.",
            )
    size = len(vocabulary.words)
    log_probs, backoffs = np.full(size, -np.inf), np.zeros(size)
    if UNKNOWN_ID not in section.ids:
        _logger.warning("The ARPA file has no <unk>; log10 %g is taken.", MISSING_UNKNOWN)
        log_probs[UNKNOWN_ID] = MISSING_UNKNOWN
    log_probs[ids], backoffs[ids] = section.log_probs, section.backoffs
    # Some programs write 0 for `<s>`, some -99; it is never predicted.
    log_probs[START_ID] = -np.inf
    return NgramTables(
        vocab_size=size,
        keys=(),
        log_probs=(_nats(log_probs),),
        backoffs=() if section.is_highest else (_nats(backoffs),),
    )


def _with_ngrams(lines: ArpaLines, section: _Section, tables: NgramTables) -> NgramTables:
    """Add an order to the tables."""
    ids = section.word_ids()
    contexts = ids[:, 0]
    for order in range(2, section.order):
        contexts = tables.find(order, contexts, ids[:, order - 1])
    missing = np.flatnonzero(contexts == NOT_FOUND)
    if len(missing):
        lines.fail(
            f"the first words of this {section.order}-gram are no {section.order - 1}-gram.",
            line=section.line_numbers[int(missing[0])],
        )
    keys = contexts * tables.vocab_size + ids[:, -1]
    sorting = np.argsort(keys, kind="stable")
    keys = keys[sorting]
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if len(twice):
        second = int(sorting[twice + 1].min())
        lines.fail(
            f"this {section.order}-gram stands here a second time.",
            line=section.line_numbers[second],
        )
    backoffs = _nats(np.array(section.backoffs)[sorting])
    return NgramTables(
        vocab_size=tables.vocab_size,
        keys=(*tables.keys, keys),
        log_probs=(*tables.log_probs, _nats(np.array(section.log_probs)[sorting])),
        backoffs=tables.backoffs if section.is_highest else (*tables.backoffs, backoffs),
    )


def _expect(lines: ArpaLines, line: bytes, heading: bytes) -> None:
    if line != heading:
        lines.fail(f"{heading.decode()} is expected, not {_line_shown(line)}.")


def _nats(log10_values: np.ndarray) -> Float32[np.ndarray, " _"]:
    return (log10_values * _LN_10).astype(np.float32)


def _line_shown(line: bytes) -> str:
    """Show a line in an error, shortened and printable."""
    shown = line[:40].decode("utf-8", errors="backslashreplace")
    return repr(shown) if len(line) <= 40 else repr(shown) + "..."
