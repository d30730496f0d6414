"""The RG-LRU: its equations by hand, its first decays, and its limits."""

import torch

from nextword.cells import DiagonalState, RgLruCell


def test_rg_lru_num_parameters() -> None:
    assert sum(weight.numel() for weight in RgLruCell(5, 3).parameters()) == 3 * 3 * 6 + 3


def test_rg_lru_step_by_hand() -> None:
    cell = RgLruCell(1, 1)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[0.0], [0.0], [2.0]]))
        cell.bias.copy_(torch.tensor([0.3, -0.4, 0.5]))
        cell.decay.copy_(torch.tensor([1.5]))

    outputs, _ = cell.step(torch.tensor([[3.0]]), DiagonalState(torch.tensor([[4.0]])))

    r, i = torch.sigmoid(torch.tensor(0.3)), torch.sigmoid(torch.tensor(-0.4))
    a = torch.sigmoid(torch.tensor(1.5)) ** (8 * r)
    assert torch.allclose(outputs, a * 4.0 + torch.sqrt(1 - a**2) * i * 6.5)


def test_rg_lru_first_decays_lie_between_their_limits() -> None:
    decays = torch.sigmoid(RgLruCell(2, 500).decay) ** 8

    assert 0.9 <= decays.min() < 0.91
    assert 0.98 < decays.max() <= 0.9991


def test_rg_lru_gradient_is_finite_where_a_unit_keeps_everything() -> None:
    cell = RgLruCell(1, 2)
    with torch.no_grad():
        cell.bias[:2] = -1e4

    outputs, _ = cell.step(torch.ones(1, 1), DiagonalState(torch.ones(1, 2)))
    outputs.sum().backward()

    assert all(torch.isfinite(weight.grad).all() for weight in cell.parameters())
