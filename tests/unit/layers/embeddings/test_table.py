import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import embedding_table


@pytest.mark.parametrize(("tied", "bound"), [(False, 0.1), (True, 0.5)])
def test_table_is_drawn_as_wide_as_its_use_wants(tied: bool, bound: float) -> None:
    torch.manual_seed(0)

    table = embedding_table(500, 4, tied=tied)

    assert isinstance(table, Tensor)
    assert table.shape == (500, 4)
    assert 0.9 * bound < table.abs().max() <= bound


@pytest.mark.parametrize("frozen", [True, False])
def test_table_that_is_frozen_takes_no_gradient(frozen: bool) -> None:
    table = embedding_table(5, 4, frozen=frozen)

    assert isinstance(table, Tensor)
    assert table.requires_grad is not frozen


def test_table_of_one_hot_vectors_is_none_and_cannot_be_tied() -> None:
    assert embedding_table(5, 4, one_hot=True) is None
    with pytest.raises(ConfigError, match=r"model\.tied needs an embedding table"):
        embedding_table(5, 4, one_hot=True, tied=True)
