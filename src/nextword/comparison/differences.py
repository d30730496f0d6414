"""Bootstrap intervals of the difference between rows, over the lines of the same text."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """What one row has on each line of the text.

    Attributes:
        nll: Negative log-likelihood of each line, mean over the seeds, (lines), in nats.
        num_units: What the figure is counted in: tokens, words or bytes of each line, (lines).
    """

    nll: Float64[np.ndarray, " lines"]
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

    The interval is over samples of the lines of the text. It shows how far the difference depends
    on the text, not how far it depends on the seed.

    Args:
        reference: Scores of the reference.
        scores: Scores of the row.
        figure: The figure to compare.
        name: Name of the reference.

    Returns:
        The difference as JSON values; None if the rows do not have the same lines, a score is
        infinite, or there are fewer than 20 lines.
    """
    num_lines = len(reference.nll)
    if num_lines < _FEWEST_LINES or len(scores.nll) != num_lines:
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


def mean_scores(rows: Sequence[LineScores]) -> LineScores:
    """Return the mean scores of several seeds of one row.

    Args:
        rows: Scores of each seed, of the same lines, at least one.
    """
    return LineScores(nll=np.mean([each.nll for each in rows], axis=0), num_units=rows[0].num_units)


def _metric(scores: LineScores, figure: Figure) -> Metric:
    def metric(counts: ItemCounts) -> float:
        nll_sum, count = float(counts @ scores.nll), int(counts @ scores.num_units)
        if figure == "bits_per_byte":
            return nats_to_bits(nll_sum) / count
        return perplexity(nll_sum, count)

    return metric
