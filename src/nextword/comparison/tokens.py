"""Which of two models predicts each token of a text better, and on which kinds of tokens."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64, Int64, Integer

from nextword.base import Values, perplexity

#: Numbers of occurrences in the training text where a new group begins.
_COUNTS = (0, 1, 10, 100, 1_000, 10_000)
#: Distances to the last occurrence in the text where a new group begins.
_DISTANCES = (1, 11, 51, 201, 1_001)
#: Differences of log-probabilities in nats that count as equal.
_EQUAL_NATS = 0.1
_NUM_EXTREMES = 15


@dataclass(frozen=True, kw_only=True)
class TokenGroup:
    """The tokens of one kind.

    Attributes:
        name: The kind of tokens.
        num_tokens: Number of tokens.
        first: Perplexity of the first model on them.
        second: Perplexity of the second model on them.
        gain: Summed log-probability of the first model minus that of the second, divided by the
            number of tokens of the whole text, in nats. The gains of all groups sum to the
            difference of the whole text.
    """

    name: str
    num_tokens: int
    first: float
    second: float
    gain: float

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {
            "name": self.name,
            "num_tokens": self.num_tokens,
            "first": self.first,
            "second": self.second,
            "gain": self.gain,
        }


@dataclass(frozen=True, kw_only=True)
class TokenComparison:
    """Two models on the tokens of one text.

    Attributes:
        by_count: Tokens by the number of their occurrences in the training text.
        by_distance: Tokens by the distance to their last occurrence in the same text.
        won_by_first: Share of the tokens that are more probable in the first model, by more than
            0.1 nats.
        won_by_second: The same for the second model.
        best_of_first: Positions at which the first model is ahead by most, most first.
        best_of_second: The same for the second model.
    """

    by_count: tuple[TokenGroup, ...]
    by_distance: tuple[TokenGroup, ...]
    won_by_first: float
    won_by_second: float
    best_of_first: tuple[int, ...]
    best_of_second: tuple[int, ...]


def compare_tokens(
    first: Float64[np.ndarray, " tokens"],
    second: Float64[np.ndarray, " tokens"],
    *,
    token_ids: Integer[np.ndarray, " tokens"],
    train_counts: Int64[np.ndarray, " vocab"] | None,
) -> TokenComparison:
    """Return where one of two models with equal tokenizers is better than the other.

    Args:
        first: Negative log-likelihood of each token by the first model, (tokens), in nats.
        second: The same by the second model.
        token_ids: The tokens of the text, (tokens).
        train_counts: Number of occurrences of each id in the training text, (vocab); None if it is
            not known.

    Example:
        >>> found = compare_tokens(
        ...     np.array([1.0, 1.0]), np.array([2.0, 1.0]), token_ids=np.array([3, 3]),
        ...     train_counts=np.array([0, 0, 0, 7]))
        >>> found.won_by_first, [(group.name, group.gain) for group in found.by_count]
        (0.5, [('1 to 9 times', 0.5)])
    """
    ahead = second - first
    by_count: tuple[TokenGroup, ...] = ()
    if train_counts is not None:
        counts = train_counts[token_ids]
        by_count = _groups(first, second, np.digitize(counts, _COUNTS) - 1, _count_names())
    distances = last_distances(token_ids)
    places = np.digitize(distances, _DISTANCES) - 1
    places[distances == 0] = len(_DISTANCES)
    order = np.argsort(ahead, kind="stable")
    return TokenComparison(
        by_count=by_count,
        by_distance=_groups(first, second, places, [*_distance_names(), "not before"]),
        won_by_first=float((ahead > _EQUAL_NATS).mean()),
        won_by_second=float((ahead < -_EQUAL_NATS).mean()),
        best_of_first=tuple(
            int(place) for place in order[::-1][:_NUM_EXTREMES] if ahead[place] > _EQUAL_NATS
        ),
        best_of_second=tuple(
            int(place) for place in order[:_NUM_EXTREMES] if ahead[place] < -_EQUAL_NATS
        ),
    )


def last_distances(token_ids: Integer[np.ndarray, " tokens"]) -> Int64[np.ndarray, " tokens"]:
    """Return how many tokens ago each token occurred last; 0 if it did not.

    Args:
        token_ids: The tokens, (tokens).

    Example:
        >>> last_distances(np.array([5, 6, 5, 5])).tolist()
        [0, 0, 2, 1]
    """
    order = np.argsort(token_ids, kind="stable")
    is_same = token_ids[order][1:] == token_ids[order][:-1]
    distances = np.zeros(len(token_ids), dtype=np.int64)
    distances[order[1:]] = np.where(is_same, order[1:] - order[:-1], 0)
    return distances


def _groups(
    first: Float64[np.ndarray, " tokens"],
    second: Float64[np.ndarray, " tokens"],
    places: Int64[np.ndarray, " tokens"],
    names: Sequence[str],
) -> tuple[TokenGroup, ...]:
    """Return the groups that have tokens."""
    found = []
    for place, name in enumerate(names):
        chosen = places == place
        num_tokens = int(chosen.sum())
        if num_tokens == 0:
            continue
        sums = float(first[chosen].sum()), float(second[chosen].sum())
        gain = (sums[1] - sums[0]) / len(first) if all(map(math.isfinite, sums)) else math.nan
        found.append(
            TokenGroup(
                name=name,
                num_tokens=num_tokens,
                first=perplexity(sums[0], num_tokens),
                second=perplexity(sums[1], num_tokens),
                gain=gain,
            )
        )
    return tuple(found)


def _count_names() -> list[str]:
    ranges = [_range(low, high - 1) for low, high in pairwise(_COUNTS)]
    return ["never", *(f"{each} times" for each in ranges[1:]), f"{_COUNTS[-1]:,} times or more"]


def _distance_names() -> list[str]:
    ranges = [_range(low, high - 1) for low, high in pairwise(_DISTANCES)]
    return [*(f"{each} tokens ago" for each in ranges), f"more than {_DISTANCES[-1] - 1:,} ago"]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
