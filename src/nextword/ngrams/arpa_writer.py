r"""Writing back-off tables as an ARPA file that KenLM and others load.

Nine significant digits bring every number back to the last bit of single precision. What is
impossible is written as -99, and `<s>`, which is never predicted, as 0, as lmplz does it.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from nextword.base import DataError
from nextword.ngrams.arpa_reader import PAD_ID, START_ID
from nextword.ngrams.tables import NgramTables

_IMPOSSIBLE = -99.0
_BLOCK = 1 << 16
_LN_10 = float(np.log(10.0))
#: What separates fields for some reader of ARPA files.
_SEPARATORS = frozenset(" \t\n\v\f\r\0")


@runtime_checkable
class TextSink(Protocol):
    """What text is written to, such as a file open for text."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""
        ...


def write_arpa(tables: NgramTables, stream: TextSink, *, words: Sequence[str]) -> None:
    """Write an ARPA file.

    Args:
        tables: The n-grams.
        stream: Takes text; UTF-8 is what readers expect.
        words: Spelling of each id, `<pad>`, `<unk>`, `<s>`, `</s>` first; `<pad>` is left out.

    Raises:
        DataError: A word cannot stand in an ARPA file.
    """
    _check_words(words)
    counts = [tables.num_ngrams[0] - 1, *tables.num_ngrams[1:]]
    stream.write("\\data\\\n")
    for order, count in enumerate(counts, 1):
        stream.write(f"ngram {order}={count}\n")
    spelling = np.array(words, dtype=object)
    for order in range(1, tables.order + 1):
        stream.write(f"\n\\{order}-grams:\n")
        for lines in _blocks(tables, order, spelling):
            stream.write(lines)
    stream.write("\n\\end\\\n")


def _blocks(tables: NgramTables, order: int, spelling: np.ndarray) -> Iterator[str]:
    """Give the lines of an order, a block at a time."""
    log_probs = tables.log_probs[order - 1]
    if order == 1:
        log_probs = np.array(log_probs)
        log_probs[START_ID] = 0.0
    backoffs = tables.backoffs[order - 1] if order < tables.order else None
    for begin in range(PAD_ID + 1 if order == 1 else 0, len(log_probs), _BLOCK):
        ranks = np.arange(begin, min(begin + _BLOCK, len(log_probs)))
        ngrams = map(" ".join, spelling[tables.words_of(order, ranks)].tolist())
        scores = _log10(log_probs[ranks])
        if backoffs is None:
            yield "".join(map("%.9g\t%s\n".__mod__, zip(scores, ngrams, strict=True)))
        else:
            weights = _log10(backoffs[ranks])
            fields = zip(scores, ngrams, weights, strict=True)
            yield "".join(map("%.9g\t%s\t%.9g\n".__mod__, fields))


def _log10(nats: Float32[np.ndarray, " size"]) -> list[float]:
    values = nats.astype(np.float64) / _LN_10
    values[np.isneginf(values)] = _IMPOSSIBLE
    numbers: list[float] = values.tolist()
    return numbers


def _check_words(words: Sequence[str]) -> None:
    for token_id, word in enumerate(words):
        if not word or not _SEPARATORS.isdisjoint(word):
            raise DataError(
                f"token {token_id} is {word!r}; a word of an ARPA file has no white space and is "
                "not empty.",
                help="Export a model whose tokenizer is of kind word.",
            )
    if len(set(words)) != len(words):
        raise DataError(
            "two tokens have the same text; the words of an ARPA file must differ.",
            help="Export a model whose tokenizer is of kind word.",
        )
