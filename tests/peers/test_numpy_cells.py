"""Our cells against the lectures' equations written a second time, in NumPy, gate by gate."""

from itertools import product

import numpy as np
import pytest
import torch

from nextword.cells import (
    GRU_GATES,
    LSTM_GATES,
    ElmanCell,
    ElmanState,
    GruCell,
    GruState,
    LstmCell,
    LstmState,
    Nonlinearity,
)

pytestmark = pytest.mark.peer

SIZES = list(product([1, 7, 63], [1, 7, 63], [1, 3]))
sizes = pytest.mark.parametrize(("input_size", "hidden_size", "batch_size"), SIZES)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


NUMPY_NONLINEARITIES = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.where(x > 0.0, x, 0.0),
}


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@sizes
@pytest.mark.parametrize("nonlinearity", list(NUMPY_NONLINEARITIES))
def test_elman_step_equals_numpy(
    nonlinearity: Nonlinearity, input_size: int, hidden_size: int, batch_size: int
) -> None:
    torch.manual_seed(1)
    cell = ElmanCell(input_size, hidden_size, nonlinearity=nonlinearity).double()
    torch.nn.init.normal_(cell.bias)
    inputs, h = numbers(batch_size, input_size), numbers(batch_size, hidden_size)

    outputs, _ = cell.step(inputs, ElmanState(hidden_state=h))

    summed = np.einsum("hi,bi->bh", array(cell.weight_ih), array(inputs))
    summed += np.einsum("hk,bk->bh", array(cell.weight_hh), array(h)) + array(cell.bias)
    expected = NUMPY_NONLINEARITIES[nonlinearity](summed)
    np.testing.assert_allclose(array(outputs), expected, rtol=1e-10, atol=1e-13)


@sizes
def test_lstm_step_equals_numpy(input_size: int, hidden_size: int, batch_size: int) -> None:
    torch.manual_seed(2)
    cell = LstmCell(input_size, hidden_size).double()
    torch.nn.init.normal_(cell.bias)
    inputs = numbers(batch_size, input_size)
    h, c = numbers(batch_size, hidden_size), numbers(batch_size, hidden_size)

    _, state = cell.step(inputs, LstmState(hidden_state=h, cell_state=c))

    summed = {}
    for index, gate in enumerate(LSTM_GATES):
        rows = slice(index * hidden_size, (index + 1) * hidden_size)
        summed[gate] = np.einsum("hi,bi->bh", array(cell.weight_ih)[rows], array(inputs))
        summed[gate] += np.einsum("hk,bk->bh", array(cell.weight_hh)[rows], array(h))
        summed[gate] += array(cell.bias)[rows]
    kept = sigmoid(summed["forget_gate"]) * array(c)
    taken_in = sigmoid(summed["input_gate"]) * np.tanh(summed["cell_candidate"])
    shown = sigmoid(summed["output_gate"]) * np.tanh(kept + taken_in)
    np.testing.assert_allclose(array(state.cell_state), kept + taken_in, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(array(state.hidden_state), shown, rtol=1e-10, atol=1e-13)


@sizes
def test_gru_step_equals_numpy(input_size: int, hidden_size: int, batch_size: int) -> None:
    torch.manual_seed(3)
    cell = GruCell(input_size, hidden_size).double()
    torch.nn.init.normal_(cell.bias)
    torch.nn.init.normal_(cell.recurrent_bias)
    inputs, h = numbers(batch_size, input_size), numbers(batch_size, hidden_size)

    outputs, _ = cell.step(inputs, GruState(hidden_state=h))

    read, recurrent = {}, {}
    for index, gate in enumerate(GRU_GATES):
        rows = slice(index * hidden_size, (index + 1) * hidden_size)
        read[gate] = np.einsum("hi,bi->bh", array(cell.weight_ih)[rows], array(inputs))
        read[gate] += array(cell.bias)[rows]
        recurrent[gate] = np.einsum("hk,bk->bh", array(cell.weight_hh)[rows], array(h))
    reset = sigmoid(read["reset_gate"] + recurrent["reset_gate"])
    update = sigmoid(read["update_gate"] + recurrent["update_gate"])
    inside = recurrent["new_gate"] + array(cell.recurrent_bias)
    new = np.tanh(read["new_gate"] + reset * inside)
    expected = (1.0 - update) * new + update * array(h)
    np.testing.assert_allclose(array(outputs), expected, rtol=1e-10, atol=1e-13)
