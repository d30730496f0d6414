import pytest
import torch
from torch import Tensor

from nextword.layers import look_up

IDS = torch.tensor([[3, 0, 3], [2, 3, 0]])


def make_table() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(5, 4).requires_grad_()


def gradient_of(table: Tensor) -> Tensor:
    assert table.grad is not None
    return table.grad.to_dense()


@pytest.mark.parametrize("sparse", [True, False])
def test_look_up_gives_rows(sparse: bool) -> None:
    table = make_table()

    rows = look_up(table, IDS, sparse=sparse)

    assert torch.equal(rows, table[IDS])
    assert rows.requires_grad


@pytest.mark.parametrize("num_backwards", [1, 2])
@pytest.mark.parametrize("is_tied", [True, False])
def test_look_up_sparse_gradients_equal_the_dense_ones(is_tied: bool, num_backwards: int) -> None:
    tables = [make_table(), make_table()]

    for table, sparse in zip(tables, [True, False], strict=True):
        for weigh in range(1, 1 + num_backwards):
            rows = look_up(table, IDS, sparse=sparse) * look_up(table, IDS.flip(0), sparse=sparse)
            scores = rows @ table.t() if is_tied else rows
            (weigh * scores.square()).sum().backward()

    torch.testing.assert_close(gradient_of(tables[0]), gradient_of(tables[1]))
    assert tables[0].grad is not None
    assert tables[0].grad.is_sparse != is_tied


def test_look_up_adds_to_a_dense_gradient_in_place() -> None:
    table = make_table()
    table.grad = torch.zeros_like(table)
    gradient = table.grad

    look_up(table, IDS, sparse=True).sum().backward()

    assert table.grad is gradient
    assert gradient.sum(1).tolist() == [8.0, 0.0, 4.0, 12.0, 0.0]


def test_look_up_in_a_frozen_table_has_no_gradient() -> None:
    assert not look_up(make_table().detach(), IDS, sparse=True).requires_grad


def test_look_up_in_a_table_that_is_a_result_goes_through_autograd() -> None:
    weight = make_table()

    look_up(2.0 * weight, IDS, sparse=True).sum().backward()

    assert gradient_of(weight).sum(1).tolist() == [16.0, 0.0, 8.0, 24.0, 0.0]


def test_look_up_without_gradients_makes_no_graph() -> None:
    with torch.no_grad():
        assert not look_up(make_table(), IDS, sparse=True).requires_grad
