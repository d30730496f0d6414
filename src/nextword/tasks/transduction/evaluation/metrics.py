"""Scores of predicted texts: exact matches, error rates, F1, BLEU and chrF.

With several references the closest one counts. Texts are compared as they are, without lower-casing
or removing punctuation; between the symbols of the kinds `symbol` and `word`, the number of blanks
does not matter.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from nextword.base import MissingExtraError

SplitText = Callable[[str], tuple[str, ...]]


def edit_distance(expected: Sequence[str], predicted: Sequence[str]) -> int:
    """Return the least number of insertions, deletions and substitutions between two sequences.

    Source: [levenshtein1966]; the rows of the table are computed with NumPy.

    Example:
        >>> edit_distance("kitten", "sitting")
        3
    """
    ids = {symbol: number for number, symbol in enumerate({*expected, *predicted})}
    row_ids = np.array([ids[symbol] for symbol in predicted], dtype=np.int64)
    steps = np.arange(len(predicted) + 1)
    distances = steps
    for number, symbol in enumerate(expected, start=1):
        reached = np.empty_like(steps)
        reached[0] = number
        substituted = distances[:-1] + (row_ids != ids[symbol])
        reached[1:] = np.minimum(substituted, distances[1:] + 1)
        # An insertion continues from the left: min over j' <= j of reached[j'] + (j - j').
        distances = np.minimum.accumulate(reached - steps) + steps
    return int(distances[-1])


@dataclass(frozen=True, kw_only=True)
class ErrorCount:
    """Edits to the closest reference.

    Attributes:
        num_edits: Number of insertions, deletions and substitutions.
        num_symbols: Number of symbols of that reference.
    """

    num_edits: int
    num_symbols: int


def closest_errors(predicted: str, references: Sequence[str], *, split: SplitText) -> ErrorCount:
    """Return the edits to the closest reference; of equally close ones, the shortest counts.

    Args:
        predicted: The predicted text.
        references: The references, at least one.
        split: Splits a text into symbols.
    """
    symbols = split(predicted)
    counts = []
    for reference in references:
        expected = split(reference)
        counts.append((edit_distance(expected, symbols), len(expected)))
    num_edits, num_symbols = min(counts)
    return ErrorCount(num_edits=num_edits, num_symbols=num_symbols)


def overlap_f1(predicted: str, references: Sequence[str], *, split: SplitText) -> float:
    """Return the F1 of the symbols of a text without their order; the best reference counts.

    Args:
        predicted: The predicted text.
        references: The references, at least one.
        split: Splits a text into symbols.

    Source: the F1 of [rajpurkar2016], without its normalization.

    Example:
        >>> overlap_f1("a b c", ["a b d"], split=lambda text: tuple(text.split()))
        0.6666666666666666
    """
    symbols = Counter(split(predicted))
    return max(_f1(Counter(split(reference)), symbols) for reference in references)


def _f1(expected: Counter[str], predicted: Counter[str]) -> float:
    num_common = (expected & predicted).total()
    num_both = expected.total() + predicted.total()
    return 2 * num_common / num_both if num_both else 1.0


@dataclass(frozen=True, kw_only=True)
class CorpusScore:
    """A score of sacrebleu.

    Attributes:
        value: The score, from 0 to 100.
        signature: The version and settings that it was computed with.
    """

    value: float
    signature: str


def corpus_scores(
    predicted: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[CorpusScore, CorpusScore]:
    """Return BLEU and chrF of predicted texts, as sacrebleu computes them.

    Args:
        predicted: The predicted texts.
        references: The references of each text, at least one; their number may differ.

    Raises:
        MissingExtraError: sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError(
            "BLEU and chrF are computed by sacrebleu, which is not installed.",
            help="Install it with pip install 'nextword[eval]'.",
        ) from error
    most = max(len(each) for each in references)
    # sacrebleu takes one list for each reference number; None stands for no such reference.
    padded = [[each[k] if k < len(each) else None for each in references] for k in range(most)]
    # Its annotation leaves the None out.
    columns = cast("Sequence[Sequence[str]]", padded)
    bleu, chrf = BLEU(), CHRF()
    scores = bleu.corpus_score(predicted, columns), chrf.corpus_score(predicted, columns)
    return (
        CorpusScore(value=float(scores[0].score), signature=str(bleu.get_signature())),
        CorpusScore(value=float(scores[1].score), signature=str(chrf.get_signature())),
    )
