r"""Writing back-off tables as an ARPA file that KenLM and others can load.

Numbers have nine significant digits, so every float32 value is restored exactly. As in lmplz, a
probability of zero is written as -99, and that of `<s>`, which is never predicted, as 0.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32

from nextword.ngrams.arpa.spelling import PAD_ID, START_ID, note_of, spelt_tokens
from nextword.ngrams.tables import NgramTables
from nextword.tokens import Tokenizer

_IMPOSSIBLE = -99.0
_BLOCK = 1 << 16
_LN_10 = float(np.log(10.0))


def arpa_text(tables: NgramTables, *, tokenizer: Tokenizer) -> Iterator[str]:
    """Iterate over the text of an ARPA file, a block of lines at a time.

    Args:
        tables: The n-grams.
        tokenizer: Tokenizer of the ids; `<pad>` is left out of the file.

    Raises:
        DataError: The tokens cannot be written in an ARPA file; raised by the call itself, before
            the first block.
    """
    return _text(tables, note=note_of(tokenizer), words=spelt_tokens(tokenizer))


def _text(tables: NgramTables, *, note: str, words: list[str]) -> Iterator[str]:
    counts = [tables.num_ngrams[0] - 1, *tables.num_ngrams[1:]]
    header = [f"ngram {order}={count}\n" for order, count in enumerate(counts, 1)]
    yield "".join([note, "\\data\\\n", *header])
    spelling = np.array(words, dtype=object)
    for order in range(1, tables.order + 1):
        yield f"\n\\{order}-grams:\n"
        yield from _blocks(tables, order, spelling)
    yield "\n\\end\\\n"


def _blocks(tables: NgramTables, order: int, spelling: np.ndarray) -> Iterator[str]:
    """Iterate over the lines of an order, a block at a time."""
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
