"""A control: the best prediction of properties from the last characters alone.

A linear model over all n-grams that end at a character, hashed into a table, and over each of the
last characters by its place. If it tells a property as well as a unit does, the unit need not
remember anything.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.inspection.cells.properties import Kind
from nextword.inspection.cells.scores import auc, correlation

NUM_CHARACTERS = 8
_TABLE_BITS = 18
_BASE, _MIX = np.uint64(1_000_003), np.uint64(0x9E3779B97F4A7C15)
_VALIDATION_SHARE = 0.15
_BATCH_SIZE, _MAX_EPOCHS, _PATIENCE, _LEARNING_RATE = 256, 20, 4, 0.1


def last_character_features(text: str) -> Int64[np.ndarray, "num_characters features"]:
    """Return the hashed features of the last characters at every character of a text.

    Args:
        text: The text.

    Returns:
        Places in the table, (num_characters, features): of the n-grams of 1 to 8 characters that
        end at the character, and of the characters 1 to 7 places before it.
    """
    codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    codes = codes.astype(np.uint64) + np.uint64(1)
    columns: list[np.ndarray] = []
    ngram: np.ndarray
    ngram, scale = np.zeros(len(codes), dtype=np.uint64), np.uint64(1)
    with np.errstate(over="ignore"):
        for place in range(NUM_CHARACTERS):
            shifted = np.concatenate([np.zeros(place, dtype=np.uint64), codes])[: len(codes)]
            ngram = ngram + shifted * scale
            scale = scale * _BASE
            columns.append(_hashed(ngram, salt=place))
            if place:
                columns.append(_hashed(shifted, salt=NUM_CHARACTERS + place))
    return np.stack(columns, axis=1)


def last_character_scores(
    features: Int64[np.ndarray, "items features"],
    targets: Float[np.ndarray, "items properties"],
    *,
    kinds: Sequence[Kind],
    num_fitted: int,
    seed: int = 0,
) -> Float[np.ndarray, " properties"]:
    """Fit the linear model on the first items and score it on the others.

    The last part of the fitted items chooses, for each property, when training stops.

    Args:
        features: Places in the table, (items, features).
        targets: The values of the properties, (items, properties); NaN where not defined.
        kinds: Kind of each property: logistic regression for binary, linear for numeric ones.
        num_fitted: Number of items to fit.
        seed: Seed of the order of the items.

    Returns:
        AUC of binary and correlation of numeric properties on the items after `num_fitted`,
        (properties).
    """
    is_binary = np.array([kind == "binary" for kind in kinds])
    num_trained = int(num_fitted * (1.0 - _VALIDATION_SHARE))
    scaled = _standardized(targets, is_binary=is_binary, num_fitted=num_fitted)
    model = _Linear(features, scaled, is_binary=is_binary, seed=seed)
    best, scores, waited = np.full(len(kinds), -np.inf), np.zeros(len(kinds)), 0
    for _ in range(_MAX_EPOCHS):
        model.fit(num_trained)
        predicted = model.predict()
        validation = _scores(predicted, targets, kinds=kinds, start=num_trained, end=num_fitted)
        held_out = _scores(predicted, targets, kinds=kinds, start=num_fitted, end=len(targets))
        is_better = validation > best
        scores[is_better], best[is_better] = held_out[is_better], validation[is_better]
        waited = 0 if is_better.any() else waited + 1
        if waited == _PATIENCE:
            break
    return scores


class _Linear:
    """A linear model with one output per property, over sparse features."""

    def __init__(
        self,
        features: Int64[np.ndarray, "items features"],
        targets: Float[np.ndarray, "items properties"],
        *,
        is_binary: np.ndarray,
        seed: int,
    ) -> None:
        self._features = torch.from_numpy(features)
        self._is_known = torch.from_numpy(~np.isnan(targets))
        self._targets = torch.from_numpy(np.nan_to_num(targets)).float()
        self._is_binary = torch.from_numpy(is_binary)
        self._generator = torch.Generator().manual_seed(seed)
        self._weights = torch.zeros(1 << _TABLE_BITS, targets.shape[1])
        self._squares = torch.full_like(self._weights, 1e-10)

    def fit(self, num_items: int) -> None:
        """Train for one epoch, with Adagrad and the gradients of the table's rows that occur."""
        order = torch.randperm(num_items, generator=self._generator)
        for chosen in torch.split(order, _BATCH_SIZE):
            rows, places = torch.unique(self._features[chosen], return_inverse=True)
            of_items = self._loss_gradient(chosen)
            gradient = torch.zeros(len(rows), of_items.shape[1])
            for column in places.unbind(dim=1):
                gradient.index_add_(0, column, of_items)
            squares = self._squares[rows] + gradient.square()
            self._squares[rows] = squares
            self._weights[rows] -= _LEARNING_RATE * gradient / squares.sqrt()

    def _loss_gradient(self, chosen: Tensor) -> Tensor:
        """Return the gradient of the mean loss with respect to the outputs, (items, properties)."""
        outputs, targets = self._outputs(chosen), self._targets[chosen]
        guesses = torch.where(self._is_binary, outputs.sigmoid(), outputs)
        return (guesses - targets) * self._is_known[chosen] / len(chosen)

    def _outputs(self, chosen: Tensor) -> Tensor:
        return nn.functional.embedding_bag(self._features[chosen], self._weights, mode="sum")

    def predict(self) -> np.ndarray:
        """Return the outputs for all items, (items, properties)."""
        outputs: np.ndarray = self._outputs(torch.arange(len(self._features))).numpy()
        return outputs


def _standardized(
    targets: Float[np.ndarray, "items properties"], *, is_binary: np.ndarray, num_fitted: int
) -> np.ndarray:
    fitted = targets[:num_fitted]
    mean, deviation = np.nanmean(fitted, axis=0), np.nanstd(fitted, axis=0)
    scaled: np.ndarray = (targets - mean) / np.where(deviation > 0, deviation, 1.0)
    return np.where(is_binary, targets, scaled)


def _scores(
    predicted: np.ndarray, targets: np.ndarray, *, kinds: Sequence[Kind], start: int, end: int
) -> np.ndarray:
    """Return the score of each property on a range of items; -1 where it cannot be computed."""
    scores = np.full(len(kinds), -1.0)
    for number, kind in enumerate(kinds):
        truth = targets[start:end, number]
        is_known = ~np.isnan(truth)
        truth, guess = truth[is_known], predicted[start:end, number][is_known]
        if len(np.unique(truth)) > 1:
            scores[number] = auc(guess, truth) if kind == "binary" else correlation(guess, truth)
    return scores


def _hashed(keys: np.ndarray, *, salt: int) -> np.ndarray:
    mixed = (keys + np.uint64(salt) * _BASE * _BASE) * _MIX
    places: np.ndarray = ((mixed ^ (mixed >> np.uint64(29))) * _MIX) >> np.uint64(64 - _TABLE_BITS)
    return places.astype(np.int64)
