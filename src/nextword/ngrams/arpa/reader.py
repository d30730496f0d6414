r"""Reading ARPA files of lmplz, SRILM and others. Errors name the line.

    \data\           header: how many n-grams of each order
    ngram 1=4
    \1-grams:        a section for each order: log10 probability, words, log10 back-off
    -1.2 the -0.3
    \end\

Fields are separated by spaces and tabs. A missing back-off weight is 0. Blank lines and the lines
before the header (see `header`) are skipped. As in KenLM, a file without `<unk>` (SRILM) gets one
with log10 probability -100, and a file without `<s>` or `</s>` is refused. If the lower-case word
is missing, `<S>`, `</S>` and `<UNK>` are read as `<s>`, `</s>` and `<unk>`. Contexts that are not
listed (SRILM) are inserted without changing a score (see `contexts`). The counts in the header are
only checked; no memory is allocated from them.
"""

import logging
from array import array
from collections.abc import Callable, Iterator, MutableSequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64

from nextword.base import DataError
from nextword.ngrams.arpa.contexts import ranks_of, with_contexts
from nextword.ngrams.arpa.header import line_shown, read_counts, read_note
from nextword.ngrams.arpa.lines import (
    ArpaLines,
    LineStream,
    check_encoding,
    fields_of,
    is_number,
)
from nextword.ngrams.arpa.spelling import (
    END_ID,
    SPECIAL_WORDS,
    START_ID,
    UNKNOWN_ID,
    tokenizer_of_spellings,
)
from nextword.ngrams.arpa.vocabulary import ArpaVocabulary
from nextword.ngrams.tables import NOT_FOUND, NgramTables
from nextword.tokens import Tokenizer

_logger = logging.getLogger(__name__)

#: log10 probability of unknown words if the file has none.
MISSING_UNKNOWN = -100.0

_LN_10 = float(np.log(10.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class ArpaModel:
    """The content of an ARPA file.

    Attributes:
        tokenizer: Tokenizer of its words: the four special ones, then the others in file order.
        tables: Probabilities and back-off weights.
        start_log10: log10 probability of `<s>` in the file. It is never predicted, and has none in
            the tables, but KenLM returns it for `<s>` within a sentence.
    """

    tokenizer: Tokenizer
    tables: NgramTables
    start_log10: float = 0.0


def read_arpa(
    stream: LineStream,
    *,
    name: str,
    encoding: str = "utf-8",
    on_progress: Callable[[int], None] | None = None,
) -> ArpaModel:
    """Read an ARPA file.

    Args:
        stream: The decompressed bytes.
        name: Name of the file in error messages.
        encoding: Encoding of the words.
        on_progress: Called with the number of lines read so far.

    Returns:
        The tables and the tokenizer.

    Raises:
        ConfigError: The encoding is unknown, or not a superset of ASCII.
        FormatError: The file is malformed; the message names the line.
    """
    check_encoding(encoding)
    lines = ArpaLines(stream, name=name, encoding=encoding, on_progress=on_progress)
    content = iter(lines)
    note = read_note(lines, content)
    counts, heading = read_counts(lines, content)
    vocabulary = ArpaVocabulary()
    tables = NgramTables(vocab_size=0, keys=(), log_probs=(), backoffs=())
    start_log10 = 0.0
    for order, count in enumerate(counts, 1):
        section = _Section(order=order, is_highest=order == len(counts))
        if count or heading != b"\\end\\":
            # Some programs omit the heading of an order without n-grams.
            _expect(lines, heading, rb"\%d-grams:" % order)
            heading = _read_section(lines, content, section, vocabulary)
        if len(section.log_probs) != count:
            lines.fail(
                f"the file has {len(section.log_probs):,} {order}-grams, but its header says "
                f"{count:,}."
            )
        if order == 1:
            tables = _with_words(lines, section, vocabulary)
            start_log10 = section.log_probs[list(vocabulary.ids.values()).index(START_ID)]
        else:
            tables = _with_ngrams(lines, section, tables)
    _expect(lines, heading, b"\\end\\")
    if (extra := next(content, None)) is not None:
        lines.fail(f"{line_shown(extra)} follows after \\end\\.")
    tokenizer = _tokenizer(lines, note, vocabulary)
    return ArpaModel(tokenizer=tokenizer, tables=tables, start_log10=start_log10)


@dataclass(kw_only=True)
class _Section:
    """The n-grams of one order as they are read, one entry per line."""

    order: int
    is_highest: bool
    ids: MutableSequence[int] = field(default_factory=lambda: array("q"))
    log_probs: MutableSequence[float] = field(default_factory=lambda: array("d"))
    backoffs: MutableSequence[float] = field(default_factory=lambda: array("d"))
    line_numbers: MutableSequence[int] = field(default_factory=lambda: array("q"))

    def word_ids(self) -> Int64[np.ndarray, "num_ngrams order"]:
        """Return the word ids of each n-gram, (num_ngrams, order)."""
        return np.array(self.ids, dtype=np.int64).reshape(-1, self.order)


def _read_section(
    lines: ArpaLines, content: Iterator[bytes], section: _Section, vocabulary: ArpaVocabulary
) -> bytes:
    """Read the n-grams of an order and return the heading that follows them."""
    for line in content:
        if line.startswith(b"\\"):
            return line
        fields = fields_of(line)
        if not section.order < len(fields) <= section.order + 2:
            lines.fail(
                f"{line_shown(line)} is not a {section.order}-gram; expected a log-probability, "
                f"{section.order} words and an optional back-off weight."
            )
        if b"\t\t" in line and len(fields) == section.order + 1 and is_number(fields[-1]):
            lines.fail(
                f"{line_shown(line)} has an empty field, so {fields[-1].decode()} may be a word or "
                "a back-off weight.",
                help="Remove the line, or write one tab between fields.",
            )
        section.log_probs.append(lines.log_prob(fields[0]))
        section.ids.extend(_ids(lines, fields[1 : section.order + 1], vocabulary))
        has_backoff = len(fields) == section.order + 2
        backoff = lines.backoff(fields[-1]) if has_backoff else 0.0
        if backoff and section.is_highest:
            lines.fail(f"the back-off weight {backoff:g} has no meaning at the highest order.")
        section.backoffs.append(backoff)
        section.line_numbers.append(lines.number)
    lines.fail(f"the file ends inside the {section.order}-grams; \\end\\ is missing.")


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
    """Return the tables of order 1, with an entry for each id."""
    ids = np.array(section.ids, dtype=np.int64)
    if markers := vocabulary.upper_case_markers():
        ids = np.array(vocabulary.rename(markers), dtype=np.int64)[ids]
    for missing in (START_ID, END_ID):
        if missing not in ids:
            lines.fail(
                f"the 1-grams lack {SPECIAL_WORDS[missing]}.",
                help="Estimate the model on sentences that <s> and </s> enclose.",
            )
    size = len(vocabulary.words)
    log_probs, backoffs = np.full(size, -np.inf), np.zeros(size)
    if UNKNOWN_ID not in ids:
        _logger.warning("The ARPA file has no <unk>; using log10 %g.", MISSING_UNKNOWN)
        log_probs[UNKNOWN_ID] = MISSING_UNKNOWN
    log_probs[ids], backoffs[ids] = section.log_probs, section.backoffs
    # Some programs write 0 for `<s>`, others -99; it is never predicted.
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
    contexts = ranks_of(tables, ids[:, :-1])
    missing = int((contexts == NOT_FOUND).sum())
    if missing:
        _logger.info(
            "%s %d-grams have a context that is not among the %d-grams; inserting it",
            f"{missing:,}",
            section.order,
            section.order - 1,
        )
        tables = with_contexts(tables, ids[:, :-1])
        contexts = ranks_of(tables, ids[:, :-1])
    keys = contexts * tables.vocab_size + ids[:, -1]
    sorting = np.argsort(keys, kind="stable")
    keys = keys[sorting]
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if len(twice):
        second = int(sorting[twice + 1].min())
        lines.fail(
            f"this {section.order}-gram is a duplicate.",
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
        lines.fail(f"expected {heading.decode()}, not {line_shown(line)}.")


def _nats(log10_values: np.ndarray) -> Float32[np.ndarray, " _"]:
    return (log10_values * _LN_10).astype(np.float32)
