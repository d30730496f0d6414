import pytest
import torch

from nextword.base import ConfigError
from nextword.cells import LstmCell, LstmState, ProjectedLstmCell, ProjectedLstmState


def test_projected_lstm_num_parameters() -> None:
    cell = ProjectedLstmCell(5, 8, projection_size=3)

    counted = sum(parameter.numel() for parameter in cell.parameters())

    assert counted == 4 * 8 * (5 + 3 + 1) + 3 * 8


def test_projected_lstm_with_the_identity_is_an_lstm() -> None:
    torch.manual_seed(0)
    cell, plain = ProjectedLstmCell(3, 4, projection_size=4), LstmCell(3, 4)
    with torch.no_grad():
        torch.nn.init.eye_(cell.weight_hr)
        for name in ("weight_ih", "weight_hh", "bias"):
            cell.get_parameter(name).copy_(plain.get_parameter(name))
    inputs, h, c = torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4)

    outputs, state = cell.step(inputs, ProjectedLstmState(hidden_state=h, cell_state=c))

    expected, after = plain.step(inputs, LstmState(hidden_state=h, cell_state=c))
    torch.testing.assert_close(outputs, expected)
    torch.testing.assert_close(tuple(state), tuple(after))


def test_projected_lstm_forget_bias_stands_in_its_block() -> None:
    cell = ProjectedLstmCell(3, 2, projection_size=1, forget_bias=2.5)

    assert cell.bias.tolist() == [0.0, 0.0, 2.5, 2.5, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("projection_size", [0, 9])
def test_projected_lstm_projection_that_does_not_fit_is_refused(projection_size: int) -> None:
    with pytest.raises(
        ConfigError, match=f"projection_size is {projection_size} and hidden_size 8"
    ) as caught:
        ProjectedLstmCell(5, 8, projection_size=projection_size)

    assert caught.value.help == "Set model.projection_size to at most 8."
