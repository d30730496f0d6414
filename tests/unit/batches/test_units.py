import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.batches import lanes, longest_first, shuffled_by_length

lengths_lists = st.lists(st.integers(0, 20), max_size=60)
batch_sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31)


def starts_of(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def padding(lengths: np.ndarray, order: np.ndarray, batch_size: int) -> int:
    """Positions wasted when the units are batched in this order."""
    batches = [lengths[order[i : i + batch_size]] for i in range(0, len(order), batch_size)]
    return sum(int(batch.max() * len(batch) - batch.sum()) for batch in batches)


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_lanes_cover_the_text_once(num_tokens: int, batch_size: int) -> None:
    starts = lanes(num_tokens, batch_size)

    assert starts[0] == 0
    assert starts[-1] == num_tokens
    assert (np.diff(starts) >= min(1, num_tokens)).all()


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_lanes_are_equal_within_one_token_longer_first(num_tokens: int, batch_size: int) -> None:
    sizes = np.diff(lanes(num_tokens, batch_size))

    assert len(sizes) == max(1, min(batch_size, num_tokens))
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(sizes) <= 0).all()


@given(lengths_lists)
def test_longest_first_is_a_stable_order_of_falling_length(lengths: list[int]) -> None:
    order = longest_first(starts_of(lengths))

    expected = sorted(range(len(lengths)), key=lambda unit: (-lengths[unit], unit))
    assert order.tolist() == expected


@given(lengths_lists, batch_sizes, seeds, st.integers(0, 9))
def test_shuffled_by_length_takes_every_unit_once(
    lengths: list[int], batch_size: int, seed: int, epoch: int
) -> None:
    order = shuffled_by_length(starts_of(lengths), batch_size=batch_size, seed=seed, epoch=epoch)

    assert sorted(order.tolist()) == list(range(len(lengths)))


@given(lengths_lists, batch_sizes, seeds)
def test_shuffled_by_length_same_seed_and_epoch_repeats(
    lengths: list[int], batch_size: int, seed: int
) -> None:
    starts = starts_of(lengths)
    first = shuffled_by_length(starts, batch_size=batch_size, seed=seed, epoch=3)

    again = shuffled_by_length(starts, batch_size=batch_size, seed=seed, epoch=3)

    assert again.tolist() == first.tolist()


@pytest.mark.parametrize(("seed", "epoch"), [(1, 0), (0, 1)], ids=["seed", "epoch"])
def test_shuffled_by_length_other_seed_or_epoch_changes_the_order(seed: int, epoch: int) -> None:
    starts = starts_of(list(range(1, 60)))

    order = shuffled_by_length(starts, batch_size=4, seed=seed, epoch=epoch)

    first = shuffled_by_length(starts, batch_size=4, seed=0, epoch=0)
    assert order.tolist() != first.tolist()


def test_shuffled_by_length_pads_little_but_stays_shuffled() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 60, size=1000)
    starts = starts_of(lengths.tolist())

    order = shuffled_by_length(starts, batch_size=8, seed=0, epoch=0)

    assert padding(lengths, order, 8) < 0.1 * padding(lengths, np.arange(1000), 8)
    neighbours = np.corrcoef(np.arange(1000), lengths[order])[0, 1]
    assert abs(neighbours) < 0.2


@pytest.mark.parametrize(("num_units", "is_sorted_as_one"), [(64, True), (66, False)], ids=str)
def test_shuffled_by_length_sorts_pools_of_32_batches(
    num_units: int, is_sorted_as_one: bool
) -> None:
    order = shuffled_by_length(
        starts_of(list(range(1, num_units + 1))), batch_size=2, seed=0, epoch=0
    )

    # Units of lengths 1 to n that are sorted as one pool make batches of neighbours.
    differences = np.abs(np.diff(order.reshape(-1, 2), axis=1))
    assert bool((differences == 1).all()) == is_sorted_as_one
