"""The tensors in a cache of any class, out and in."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from nextword.interop.huggingface.caches import cache_rows, cache_tensors, joined, rebuilt


@dataclass
class Layer:
    keys: Tensor
    dtype: torch.dtype = torch.float32
    length: int = 3


@dataclass
class Container:
    layers: list[Layer] = field(default_factory=list)
    states: dict[int, Tensor | None] = field(default_factory=dict)


def container(batch_size: int = 2) -> Container:
    keys = torch.arange(batch_size * 3.0).view(batch_size, 3)
    return Container(layers=[Layer(keys), Layer(keys + 10)], states={0: keys[:, :1], 1: None})


def test_cache_tensors_are_found_wherever_they_lie() -> None:
    assert [part.shape for part in cache_tensors(container())] == [(2, 3), (2, 3), (2, 1)]


def test_cache_tensors_of_plain_lists_and_of_nothing() -> None:
    states = [torch.zeros(2), torch.ones(2)]

    assert cache_tensors(states) == states
    assert cache_tensors(None) == []


def test_cache_tensors_leave_single_numbers_out() -> None:
    assert cache_tensors({"window": torch.tensor(4), "keys": torch.zeros(2)})[0].shape == (2,)
    assert cache_rows({"window": torch.tensor(4)}, torch.tensor([1, 0]))["window"] == 4


def test_rebuilt_cache_shares_nothing_with_the_first() -> None:
    first = container()

    copy = rebuilt(first, [part.clone() for part in cache_tensors(first)])
    copy.layers[0].keys.zero_()
    copy.layers.pop()

    assert len(first.layers) == 2
    assert torch.equal(first.layers[0].keys, container().layers[0].keys)


def test_cache_rows_come_in_the_order_asked_for() -> None:
    chosen = cache_rows(container(), torch.tensor([1, 1, 0]))

    assert chosen.layers[0].keys[:, 0].tolist() == [3.0, 3.0, 0.0]
    assert chosen.layers[0].length == 3


def test_joined_caches_have_the_rows_of_all() -> None:
    rows = [cache_rows(container(), torch.tensor([row])) for row in (0, 1)]

    assert torch.equal(joined(rows).layers[1].keys, container().layers[1].keys)
    assert joined([None, None]) is None
