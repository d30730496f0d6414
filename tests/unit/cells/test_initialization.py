import pytest
import torch

from cells import CELLS, MakeCell
from nextword.base import ConfigError
from nextword.cells import (
    LstmCell,
    MinGruCell,
    ProjectedLstmCell,
    RecurrentInitialization,
    initialize_recurrent_matrix,
)

SQUARE = {
    name: make_cell
    for name, make_cell in CELLS.items()
    if not name.startswith(("min-", "rg-")) and name != "lstm-projected"
}


def blocks(make_cell: MakeCell, kind: RecurrentInitialization) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    cell = make_cell(3, 6)
    initialize_recurrent_matrix(cell, kind)
    weight = cell.get_parameter("weight_hh").detach()
    return weight.chunk(len(weight) // 6)


@pytest.mark.parametrize("make_cell", SQUARE.values(), ids=SQUARE)
def test_initialize_orthogonal_keeps_every_length_in_every_gate(make_cell: MakeCell) -> None:
    for block in blocks(make_cell, "orthogonal"):
        torch.testing.assert_close(torch.linalg.svdvals(block), torch.ones(6))


def test_initialize_orthogonal_gates_differ() -> None:
    first, second, *_ = blocks(LstmCell, "orthogonal")

    assert not torch.allclose(first, second)


@pytest.mark.parametrize("make_cell", SQUARE.values(), ids=SQUARE)
def test_initialize_identity_copies_in_every_gate(make_cell: MakeCell) -> None:
    for block in blocks(make_cell, "identity"):
        assert torch.equal(block, torch.eye(6))


def test_initialize_uniform_leaves_the_matrix() -> None:
    cell = LstmCell(3, 6)
    before = cell.weight_hh.detach().clone()

    initialize_recurrent_matrix(cell, "uniform")

    assert torch.equal(cell.weight_hh, before)


def test_initialize_orthogonal_of_a_projected_cell_has_orthonormal_columns() -> None:
    cell = ProjectedLstmCell(3, 6, projection_size=2)

    initialize_recurrent_matrix(cell, "orthogonal")

    for block in cell.weight_hh.chunk(4):
        torch.testing.assert_close(block.T @ block, torch.eye(2))


def test_initialize_identity_of_a_projected_cell_is_refused() -> None:
    with pytest.raises(ConfigError, match="recurrent matrix is 6 x 2") as caught:
        initialize_recurrent_matrix(ProjectedLstmCell(3, 6, projection_size=2), "identity")

    assert caught.value.help == "Use orthogonal."


@pytest.mark.parametrize("kind", ["orthogonal", "identity"])
def test_initialize_cell_without_a_recurrent_matrix_is_refused(
    kind: RecurrentInitialization,
) -> None:
    with pytest.raises(ConfigError, match="MinGruCell has no recurrent matrix"):
        initialize_recurrent_matrix(MinGruCell(3, 6), kind)
