import pytest
import torch
from torch import nn

from nextword.optim import SparseDescent


def gradient_of(slots: list[int], values: list[float], size: int) -> torch.Tensor:
    return torch.sparse_coo_tensor(
        torch.tensor([slots]), torch.tensor(values), (size,), check_invariants=True
    )


def table_with_gradient(slots: list[int], gradient: list[float]) -> nn.Parameter:
    table = nn.Parameter(torch.arange(6.0))
    table.grad = gradient_of(slots, gradient, 6)
    return table


def test_step_is_that_of_plain_descent_on_the_dense_gradient() -> None:
    table = table_with_gradient([4, 1, 4, 4], [1.0, 2.0, 0.5, -3.0])
    dense = nn.Parameter(table.detach().clone())
    dense.grad = table.grad.to_dense()

    SparseDescent([table], learning_rate=0.5).step(share=0.5)
    torch.optim.SGD([dense], lr=0.25).step()

    torch.testing.assert_close(table.detach(), dense.detach())


def test_step_parts_of_several_windows_add_up() -> None:
    table = nn.Parameter(torch.zeros(4))
    for slot in (1, 1, 3):
        part = gradient_of([slot], [1.0], 4)
        table.grad = part if table.grad is None else table.grad + part

    SparseDescent([table], learning_rate=1.0).step(share=1.0)

    assert table.tolist() == [0.0, -2.0, 0.0, -1.0]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_step_leaves_what_was_not_read(share: float) -> None:
    table, other = table_with_gradient([2], [1.0]), nn.Parameter(torch.ones(3))

    SparseDescent([table, other], learning_rate=1.0).step(share=share)

    assert table.tolist() == [0.0, 1.0, 2.0 - share, 3.0, 4.0, 5.0]
    assert other.tolist() == [1.0, 1.0, 1.0]
