import torch

from nextword.cells import LstmCell, LstmState
from nextword.recurrent.backends import reference


def test_reference_supports_every_cell() -> None:
    assert reference.supports(LstmCell(1, 1))


def test_reference_outputs_are_the_steps_of_the_cell() -> None:
    cell, inputs = LstmCell(3, 2), torch.randn(4, 5, 3)

    outputs, final = reference.run_layer(cell, inputs, state=cell.initial_state(4), lengths=None)

    state = cell.initial_state(4)
    for time in range(5):
        expected, state = cell.step(inputs[:, time], state)
        assert torch.equal(outputs[:, time], expected)
    assert torch.equal(final[1], state.cell_state)


def test_reference_nan_in_the_padding_reaches_nothing() -> None:
    cell, inputs = LstmCell(3, 2), torch.randn(2, 4, 3)
    inputs[0, 1:] = torch.nan

    outputs, final = reference.run_layer(
        cell, inputs, state=cell.initial_state(2), lengths=torch.tensor([1, 4])
    )

    assert outputs.isfinite().all()
    assert all(part.isfinite().all() for part in final)


def test_reference_final_state_keeps_its_container() -> None:
    cell = LstmCell(3, 2)

    _, final = reference.run_layer(
        cell, torch.randn(2, 4, 3), state=cell.initial_state(2), lengths=torch.tensor([1, 0])
    )

    assert isinstance(final, LstmState)
