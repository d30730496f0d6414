"""Bootstrap intervals of the difference between rows, over the lines of the same text."""

from dataclasses import dataclass
from statistics import fmean

import numpy as np
from jaxtyping import Float64, Int64

from nextword.base import Values, nats_to_bits, perplexity
from nextword.comparison.rows import Figure
from nextword.tasks.metrics import bootstrap_difference
from nextword.tasks.metrics.bootstrap import ItemCounts, Metric

#: An interval over fewer lines would mean little.
_FEWEST_LINES = 20
_NUM_SAMPLES = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class LineScores:
    """Scores of one row on each line of the text.

    Attributes:
        nll: Negative log-likelihood of each line by each seed, (seeds, lines), in nats.
        num_units: What the figure is counted in: tokens, words or bytes of each line, (lines).
    """

    nll: Float64[np.ndarray, "seeds lines"]
    num_units: Int64[np.ndarray, " lines"]


def sum_by_line(
    nll: Float64[np.ndarray, " tokens"], line_starts: Int64[np.ndarray, " lines_plus_one"]
) -> Float64[np.ndarray, " lines"]:
    """Return the summed scores of each line.

    Args:
        nll: Score of each token, (tokens).
        line_starts: Position of the first token of each line, and the end, (lines + 1).

    Example:
        >>> sum_by_line(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 3])).tolist()
        [3.0, 3.0]
    """
    return np.add.reduceat(nll, line_starts[:-1])


def difference_to(
    reference: LineScores, scores: LineScores, *, figure: Figure, name: str
) -> Values | None:
    """Return by how much a figure is above that of a reference, with a 95 % interval.

    The figure of a row is the mean over its seeds, as in the table. The interval is over samples of
    the lines of the text. It shows how far the difference depends on the text, not how far it
    depends on the seed.

    Args:
        reference: Scores of the reference.
        scores: Scores of the row.
        figure: The figure to compare.
        name: Name of the reference.

    Returns:
        The difference as JSON values; None if the rows do not have the same lines, a score is
        infinite, or there are fewer than 20 lines.
    """
    num_lines = len(reference.num_units)
    counts = {reference.nll.shape[1], scores.nll.shape[1], len(scores.num_units)}
    if num_lines < _FEWEST_LINES or counts != {num_lines}:
        return None
    if not (np.isfinite(reference.nll).all() and np.isfinite(scores.nll).all()):
        return None
    found = bootstrap_difference(
        _metric(scores, figure),
        _metric(reference, figure),
        num_items=num_lines,
        num_samples=_NUM_SAMPLES,
    )
    return {
        "to": name,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "level": found.level,
        "num_lines": num_lines,
    }


def _metric(scores: LineScores, figure: Figure) -> Metric:
    def metric(counts: ItemCounts) -> float:
        count = int(counts @ scores.num_units)
        nll_sums = (scores.nll @ counts).tolist()
        if figure == "bits_per_byte":
            return fmean(nats_to_bits(each) / count for each in nll_sums)
        return fmean(perplexity(each, count) for each in nll_sums)

    return metric
