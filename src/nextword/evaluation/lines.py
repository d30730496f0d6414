"""Log-probability of single lines, each read afresh: what ranks, filters and rescores sentences.

Takes lines from anywhere and keeps no more than a group of them; knows nothing of files.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nextword.base import DataError, Values, require_range
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE, add_by_unit
from nextword.evaluation.scoring import score_units
from nextword.models import LanguageModel
from nextword.tokens import Encoding, Tokenizer

#: Lines read ahead are taken by length, so that few rows stand idle.
_BATCHES_PER_GROUP = 8


@dataclass(frozen=True, kw_only=True)
class LineScore:
    """The score of one line.

    Attributes:
        line: Its number, from 1.
        text: The line, without its end.
        log_prob: Log-probability of its tokens and its end, nats; -inf for an impossible line.
        num_tokens: Tokens scored, the line's end included.
        num_unknown: Those of them outside the vocabulary.
    """

    line: int
    text: str
    log_prob: float
    num_tokens: int
    num_unknown: int

    def to_dict(self) -> Values:
        """Give the fields for JSON; a log-probability of -inf becomes None."""
        log_prob = self.log_prob if math.isfinite(self.log_prob) else None
        return dataclasses.asdict(self) | {"log_prob": log_prob}


def per_line_scores(
    model: LanguageModel,
    lines: Iterable[str],
    *,
    tokenizer: Tokenizer,
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Iterator[LineScore]:
    """Score lines one by one, in order: the boundary first, the end of the line included.

    An empty line is a line of nothing but its end. Lines are read in groups of 8 batches.

    Args:
        model: The model.
        lines: Lines with or without their newline.
        tokenizer: The model's tokenizer.
        batch_size: Lines scored side by side; no score depends on it.

    Raises:
        ConfigError: batch_size is below 1.
        DataError: A line holds a newline inside.
        DivergedError: The model gives NaN.
    """
    require_range("batch_size", batch_size, low=1)
    return _scores(model, enumerate(lines, start=1), tokenizer, batch_size)


def _scores(
    model: LanguageModel,
    numbered: Iterator[tuple[int, str]],
    tokenizer: Tokenizer,
    batch_size: int,
) -> Iterator[LineScore]:
    while group := list(itertools.islice(numbered, batch_size * _BATCHES_PER_GROUP)):
        texts = [_without_end(number, text) for number, text in group]
        encodings = [
            tokenizer.encode(tokenizer.without_markers(text + "\n", first_line=number))
            for (number, _), text in zip(group, texts, strict=True)
        ]
        nll_sums = _nll_sums(model, encodings, batch_size)
        for (number, _), text, encoding, nll_sum in zip(
            group, texts, encodings, nll_sums, strict=True
        ):
            yield LineScore(
                line=number,
                text=text,
                log_prob=0.0 - float(nll_sum),
                num_tokens=len(encoding.ids),
                num_unknown=int(encoding.unknown.sum()),
            )


def _nll_sums(model: LanguageModel, encodings: Sequence[Encoding], batch_size: int) -> np.ndarray:
    lengths = [len(encoding.ids) for encoding in encodings]
    unit_starts = np.cumsum([0, *lengths], dtype=np.int64)
    nll_sums = np.zeros(len(lengths))
    token_ids = np.concatenate([encoding.ids for encoding in encodings])
    for window in score_units(model, token_ids, unit_starts=unit_starts, batch_size=batch_size):
        add_by_unit(nll_sums, window, unit_starts=unit_starts)
    return nll_sums


def _without_end(number: int, text: str) -> str:
    text = text.removesuffix("\n")
    if "\n" in text:
        raise DataError(
            f"line {number} holds a newline inside.", help="Split the text into lines first."
        )
    return text
