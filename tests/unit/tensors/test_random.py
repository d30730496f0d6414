import random
from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.base import MismatchError
from nextword.tensors import (
    random_states,
    seed_everything,
    set_random_states,
    set_torch_random_state,
    torch_random_state,
)

Draws = tuple[list[float], list[float], list[float], list[float]]


@pytest.fixture(autouse=True)
def restored_generators() -> Iterator[None]:
    tensors, values = random_states()
    yield
    set_random_states(tensors, values)


def draws() -> Draws:
    """Numbers of every generator; odd counts leave half-used pairs and words behind."""
    return (
        [random.random() for _ in range(3)] + [random.gauss(0, 1)],
        np.random.rand(5).tolist() + np.random.randn(3).tolist(),
        torch.rand(7).tolist() + torch.randn(1).tolist(),
        torch.randint(10, (3,)).tolist(),
    )


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5, 2**40])
def test_seed_everything_same_seed_gives_the_same_draws(seed: int) -> None:
    seed_everything(seed)
    first = draws()
    seed_everything(seed)

    assert draws() == first


def test_seed_everything_other_seed_changes_every_generator() -> None:
    seed_everything(1)
    first = draws()
    seed_everything(2)

    assert all(one != other for one, other in zip(first, draws(), strict=True))


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(0, 4))
def test_set_random_states_following_draws_are_equal_bit_for_bit(seed: int, num_drawn: int) -> None:
    seed_everything(seed)
    for _ in range(num_drawn):
        draws()
    tensors, values = random_states()
    following = [draws(), draws()]

    seed_everything(seed + 1)
    set_random_states(tensors, values)

    assert [draws(), draws()] == following


def test_random_states_is_a_copy_that_draws_do_not_change() -> None:
    tensors, values = random_states()
    kept = {name: tensor.clone() for name, tensor in tensors.items()}, deepcopy(values)

    draws()

    assert all(torch.equal(tensors[name], kept[0][name]) for name in kept[0])
    assert values == kept[1]


def test_random_states_taking_it_draws_nothing() -> None:
    seed_everything(3)
    expected = draws()
    seed_everything(3)

    random_states()

    assert draws() == expected


@pytest.mark.parametrize(("generator", "key"), [("python", "version"), ("numpy", "name")])
def test_set_random_states_of_another_version_is_refused(generator: str, key: str) -> None:
    tensors, values = random_states()
    values[generator][key] = 99 if key == "version" else "PCG64"

    with pytest.raises(MismatchError, match="random state does not fit this Python") as caught:
        set_random_states(tensors, values)

    assert caught.value.help == "Resume with the versions the run was started with."


def test_set_torch_random_state_following_draws_are_equal() -> None:
    device = torch.device("cpu")
    state = torch_random_state(device)
    first = torch.rand(5)

    set_torch_random_state(state, device)

    assert torch.equal(torch.rand(5), first)
