"""Two models token by token."""

import numpy as np
import pytest

from nextword.comparison import compare_tokens
from nextword.comparison.tokens import last_distances


def test_gains_of_the_groups_sum_to_the_difference() -> None:
    generator = np.random.default_rng(1)
    ids = generator.integers(0, 50, 700)
    first, second = generator.exponential(2.0, 700), generator.exponential(2.5, 700)

    found = compare_tokens(
        first, second, token_ids=ids, train_counts=generator.integers(0, 2000, 50)
    )

    whole = (second - first).mean()
    assert sum(group.gain for group in found.by_count) == pytest.approx(whole)
    assert sum(group.gain for group in found.by_distance) == pytest.approx(whole)
    assert sum(group.num_tokens for group in found.by_count) == 700
    assert 0 < found.won_by_first < 1 - found.won_by_second


def test_extremes_are_where_the_difference_is_largest() -> None:
    first = np.array([1.0, 5.0, 1.0, 1.0])
    second = np.array([1.0, 1.0, 9.0, 1.05])

    found = compare_tokens(first, second, token_ids=np.arange(4), train_counts=None)

    assert (found.best_of_first, found.best_of_second) == ((2,), (1,))
    assert (found.won_by_first, found.won_by_second) == (0.25, 0.25)
    assert found.by_count == ()


def test_distances_are_those_of_a_loop() -> None:
    ids = np.random.default_rng(2).integers(0, 9, 200)
    expected = [
        next((k for k in range(1, place + 1) if ids[place - k] == ids[place]), 0)
        for place in range(200)
    ]

    assert last_distances(ids).tolist() == expected


def test_groups_have_the_tokens_of_their_range() -> None:
    ids = np.array([0, 1, 2, 3])

    found = compare_tokens(
        np.ones(4), np.ones(4), token_ids=ids, train_counts=np.array([0, 9, 10, 123_456])
    )

    assert [(group.name, group.num_tokens) for group in found.by_count] == [
        ("never", 1),
        ("1 to 9 times", 1),
        ("10 to 99 times", 1),
        ("10,000 times or more", 1),
    ]
