"""Log-probabilities of single lines, each from the initial state, to rank or rescore sentences.

Reads lines from any iterable and keeps one group of them in memory. Knows nothing of files.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nextword.base import DivergedError, Values, require_count
from nextword.evaluation.encoded_lines import EncodedLine, encoded_lines, line_groups
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE
from nextword.evaluation.row_log_probs import row_log_probs
from nextword.models import LanguageModel
from nextword.tokens import Encoding, Tokenizer


@dataclass(frozen=True, kw_only=True)
class LineScore:
    """The score of one line.

    Attributes:
        line: Line number, from 1.
        text: The line without its newline.
        log_prob: Log-probability of the line's tokens and its end, in nats; -inf if one of them has
            probability 0.
        num_tokens: Number of scored tokens, the line end included.
        num_unknown: Number of scored tokens that are out-of-vocabulary.
    """

    line: int
    text: str
    log_prob: float
    num_tokens: int
    num_unknown: int

    def to_dict(self) -> Values:
        """Return the fields as JSON values; a log-probability of -inf becomes None."""
        log_prob = self.log_prob if math.isfinite(self.log_prob) else None
        return dataclasses.asdict(self) | {"log_prob": log_prob}


def per_line_scores(
    model: LanguageModel,
    lines: Iterable[str],
    *,
    tokenizer: Tokenizer,
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Iterator[LineScore]:
    """Iterate over the scores of lines, in order.

    Each line is scored from the model's boundary token, and the line end is scored too. An empty
    line consists of its end alone. Lines are read in groups of 8 batches, or one by one if the
    batch_size is 1.

    Args:
        model: The model.
        lines: Lines with or without their newline.
        tokenizer: The model's tokenizer.
        batch_size: Number of lines in a batch. Scores do not depend on it.

    Raises:
        ConfigError: batch_size is below 1.
        DataError: A line contains a newline.
        DivergedError: The model returns NaN.
    """
    require_count("batch_size", batch_size, low=1)
    encoded = encoded_lines(enumerate(lines, start=1), tokenizer=tokenizer)
    return _scores(model, encoded, batch_size)


def _scores(
    model: LanguageModel, lines: Iterator[EncodedLine], batch_size: int
) -> Iterator[LineScore]:
    for group in line_groups(lines, batch_size=batch_size):
        encodings = [line.encoding for line in group]
        log_probs = _log_probs(model, encodings, batch_size=batch_size, first_line=group[0].number)
        for line, log_prob in zip(group, log_probs, strict=True):
            yield LineScore(
                line=line.number,
                text=line.text,
                log_prob=log_prob,
                num_tokens=len(line.encoding.ids),
                num_unknown=int(np.count_nonzero(line.encoding.unknown)),
            )


def _log_probs(
    model: LanguageModel, encodings: Sequence[Encoding], *, batch_size: int, first_line: int
) -> list[float]:
    """Return the log-probability of each line of a group, in nats."""
    by_length = sorted(range(len(encodings)), key=lambda index: -len(encodings[index].ids))
    log_probs = np.zeros(len(encodings))
    for start in range(0, len(by_length), batch_size):
        batch = by_length[start : start + batch_size]
        try:
            found = row_log_probs(model, [encodings[index].ids for index in batch])
        except DivergedError as error:
            last_line = first_line + len(encodings) - 1
            raise DivergedError(
                f"the model returns NaN for a token of the lines {first_line} to {last_line}.",
                help=error.help,
            ) from error
        log_probs[batch] = [row.sum() for row in found]
    return log_probs.tolist()
