"""Weights of the scores, tuned for the fewest word errors: a grid, then refinement.

The total score of a hypothesis is log-linear:

    total = scores + weight * log p(text) - penalty * words - low_order_weight * log q(text)

with the weights of further scores of the recognizer in the first term, and q a low-order model of
the recognizer's training text (low-order density ratio).

Source: [zheng2022]; the search is a grid and coordinate descent with halved steps.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from nextword.interop.nbest.word_errors import WordErrors

#: Values of the grid. Weights are multiples of the ratio of the spread of the recognizer's scores
#: to that of the model's; penalties are multiples of the former.
_WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_PENALTIES = (-2.0, -1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0, 2.0)
_LOW_ORDER = (0.0, 0.1, 0.2, 0.4, 0.7)
_FURTHER = (0.0, 0.3, 1.0, 3.0)
_NUM_REFINEMENTS = 5
_FIRST_STEP = 0.5


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weights of the terms of the total score.

    Attributes:
        scores: Weight of each score of the recognizer, the first one 1.
        weight: Weight of the language model.
        penalty: Subtracted for each word, against insertions.
        low_order_weight: Weight of the low-order model, which is subtracted.
    """

    scores: tuple[float, ...] = ()
    weight: float = 0.0
    penalty: float = 0.0
    low_order_weight: float = 0.0

    def vector(self) -> Float64[np.ndarray, " features"]:
        """Return the weights in the order of the columns of `Features`."""
        return np.array([*self.scores, self.weight, -self.penalty, -self.low_order_weight])


@dataclass(frozen=True, kw_only=True)
class Features:
    """The terms of the total score of each hypothesis.

    Attributes:
        tables: For each utterance (hypotheses, features): the scores of the recognizer, the
            log-probability, the number of words, and the log-probability of the low-order model.
        num_scores: Number of scores of the recognizer.
        has_low_order: Whether there is a low-order model.
    """

    tables: list[Float64[np.ndarray, "_hypotheses features"]]
    num_scores: int
    has_low_order: bool

    def totals(self, weights: Weights) -> list[Float64[np.ndarray, " _hypotheses"]]:
        """Return the total score of each hypothesis."""
        vector = weights.vector()
        return [_dot(table, vector) for table in self.tables]

    def chosen(self, weights: Weights) -> list[int]:
        """Return the best hypothesis of each utterance; of equal ones the first."""
        return [int(totals.argmax()) for totals in self.totals(weights)]

    @property
    def neutral(self) -> Weights:
        """The weights without a language model: the scores of the recognizer alone."""
        return Weights(scores=(1.0,) * self.num_scores)


def tune_weights(features: Features, errors: WordErrors, *, with_model: bool = True) -> Weights:
    """Return the weights with the fewest word errors.

    Of weights with equally many errors, those nearest to zero are taken.

    Args:
        features: The terms of the scores of the development set.
        errors: Its word errors.
        with_model: Whether the language model may have a weight; otherwise only the penalty and the
            further scores of the recognizer are tuned.
    """
    search = _Search(features, errors)
    further = max(0, features.num_scores - 1)
    ratio, spread = _scales(features)
    scales = [1.0] * further + [ratio, spread, ratio]
    low_order = _LOW_ORDER if features.has_low_order and with_model else (0.0,)
    steps: list[Sequence[float]] = [_FURTHER] * further
    steps += [_WEIGHTS if with_model else (0.0,), _PENALTIES, low_order]
    grids = [
        [value * scale for value in values] for values, scale in zip(steps, scales, strict=True)
    ]
    best = min(itertools.product(*grids), key=search.cost)
    step = _FIRST_STEP
    for _ in range(_NUM_REFINEMENTS):
        for place, grid in enumerate(grids):
            if len(grid) == 1:
                continue
            size = max(abs(best[place]), 0.1 * scales[place]) * step
            around = [best[place] + size * factor for factor in (-1.0, -0.5, 0.5, 1.0)]
            is_signed = place == further + 1
            values = [best[place], *(value for value in around if is_signed or value >= 0.0)]
            best = min(
                ((*best[:place], value, *best[place + 1 :]) for value in values), key=search.cost
            )
        step /= 2
    return search.weights(best)


def _scales(features: Features) -> tuple[float, float]:
    """Return the ratio of the spreads of the first score and the model's, and the former.

    The spread is the mean standard deviation among the hypotheses of an utterance; 1 without
    scores.
    """
    if not features.num_scores:
        return 1.0, 1.0
    spreads = []
    for column in (0, features.num_scores):
        values = [table[np.isfinite(table[:, column]), column] for table in features.tables]
        found = [float(each.std()) for each in values if len(each) > 1]
        spreads.append(float(np.mean(found)) if found else 0.0)
    of_scores, of_model = (spread or 1.0 for spread in spreads)
    return of_scores / of_model, of_scores


class _Search:
    """The cost of weights: the number of errors, then the distance from zero."""

    def __init__(self, features: Features, errors: WordErrors) -> None:
        self._num_scores = features.num_scores
        most = max(len(table) for table in features.tables)
        num_features = features.tables[0].shape[1]
        self._table = np.full((len(features.tables), most, num_features), 0.0)
        self._is_padding = np.ones((len(features.tables), most), dtype=bool)
        self._errors = np.zeros((len(features.tables), most), dtype=np.int64)
        for row, (table, counts) in enumerate(
            zip(features.tables, errors.by_hypothesis, strict=True)
        ):
            self._table[row, : len(table)] = np.maximum(table, -1e9)
            self._is_padding[row, : len(table)] = False
            self._errors[row, : len(table)] = counts

    def weights(self, values: Sequence[float]) -> Weights:
        *further, weight, penalty, low_order_weight = (float(value) for value in values)
        return Weights(
            scores=(1.0, *further) if self._num_scores else (),
            weight=weight,
            penalty=penalty,
            low_order_weight=low_order_weight,
        )

    def cost(self, values: Sequence[float]) -> tuple[int, float]:
        totals = self._table @ self.weights(values).vector()
        totals[self._is_padding] = -np.inf
        chosen = totals.argmax(axis=1)
        num_errors = int(self._errors[np.arange(len(chosen)), chosen].sum())
        return num_errors, float(np.abs(values).sum())


def _dot(
    table: Float64[np.ndarray, "hypotheses features"], vector: Float64[np.ndarray, " features"]
) -> Float64[np.ndarray, " hypotheses"]:
    """Return the weighted sums; a weight of 0 removes a term, also one of -inf."""
    used = vector != 0.0
    totals: Float64[np.ndarray, " hypotheses"] = table[:, used] @ vector[used]
    return totals
