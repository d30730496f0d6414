"""The gates of every cell, held against its equations written out in NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cells import CELLS, MakeCell, random_cell, random_state
from nextword.cells import NO_NOISE, AnyCell, CellState, LstmCell, StepNoise

Arrays = dict[str, np.ndarray]


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-values))


def normalized(values: np.ndarray, gain: np.ndarray) -> np.ndarray:
    centred = values - values.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gain


def lstm_gates(sums: np.ndarray) -> Arrays:
    i, f, g, o = np.split(sums, 4, axis=-1)
    return {
        "input_gate": sigmoid(i),
        "forget_gate": sigmoid(f),
        "cell_candidate": np.tanh(g),
        "output_gate": sigmoid(o),
    }


def lstm(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    return lstm_gates(e @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"])


def layer_norm_lstm(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    inputs = normalized(e @ w["weight_ih"].T, w["gain_ih"])
    return lstm_gates(inputs + normalized(h @ w["weight_hh"].T, w["gain_hh"]) + w["bias"])


def gru(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    u_r, u_z, u_n = np.split(e @ w["weight_ih"].T + w["bias"], 3, axis=-1)
    w_r, w_z, w_n = np.split(h @ w["weight_hh"].T, 3, axis=-1)
    r = sigmoid(u_r + w_r)
    new = np.tanh(u_n + r * (w_n + w["recurrent_bias"]))
    return {"reset_gate": r, "update_gate": sigmoid(u_z + w_z), "new_gate": new}


def min_gru(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    z, candidate = np.split(e @ w["weight_ih"].T + w["bias"], 2, axis=-1)
    return {"update_gate": sigmoid(z), "candidate": candidate}


def min_lstm(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    f, i, candidate = np.split(e @ w["weight_ih"].T + w["bias"], 3, axis=-1)
    total = sigmoid(f) + sigmoid(i)
    return {
        "forget_gate": sigmoid(f) / total,
        "input_gate": sigmoid(i) / total,
        "candidate": candidate,
    }


def cifg(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    sums = e @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"]
    f, g, o = np.split(sums, 3, axis=-1)
    return {"forget_gate": sigmoid(f), "cell_candidate": np.tanh(g), "output_gate": sigmoid(o)}


def slstm(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    sums = e @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"]
    i, f, z, o = np.split(sums, 4, axis=-1)
    return {
        "log_input_gate": i,
        "log_forget_gate": np.log(sigmoid(f)),
        "cell_candidate": np.tanh(z),
        "output_gate": sigmoid(o),
    }


def rg_lru(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    r, i, candidate = np.split(e @ w["weight_ih"].T + w["bias"], 3, axis=-1)
    return {"recurrence_gate": sigmoid(r), "input_gate": sigmoid(i), "candidate": candidate}


def elman(w: Arrays, e: np.ndarray, h: np.ndarray) -> Arrays:
    return {"preactivation": e @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"]}


#: By the class that defines the gates; other cells have none.
EQUATIONS: dict[str, Callable[[Arrays, np.ndarray, np.ndarray], Arrays]] = {
    "LstmCell": lstm,
    "ProjectedLstmCell": lstm,
    "LayerNormLstmCell": layer_norm_lstm,
    "GruCell": gru,
    "MinGruCell": min_gru,
    "MinLstmCell": min_lstm,
    "CifgCell": cifg,
    "SlstmCell": slstm,
    "RgLruCell": rg_lru,
    "ElmanCell": elman,
}
cells = pytest.mark.parametrize("make_cell", CELLS.values(), ids=CELLS)


def made_up(make_cell: MakeCell) -> tuple[AnyCell, torch.Tensor, CellState]:
    torch.manual_seed(0)
    cell = random_cell(make_cell, 3, 4)
    return cell, torch.randn(2, 3, dtype=torch.float64), random_state(cell, 2)


@cells
def test_traced_step_equals_the_equations(make_cell: MakeCell) -> None:
    cell, inputs, state = made_up(make_cell)
    weights = {name: weight.detach().numpy() for name, weight in cell.named_parameters()}

    _, _, gates = cell.traced_step(inputs, state)

    equations = EQUATIONS.get(type(cell).__name__, lambda *_: {})
    expected = equations(weights, inputs.numpy(), state[0].detach().numpy())
    assert list(gates) == list(expected)
    for name, gate in gates.items():
        np.testing.assert_allclose(gate.detach().numpy(), expected[name], rtol=1e-12, atol=1e-13)


@cells
def test_traced_step_is_the_step(make_cell: MakeCell) -> None:
    cell, inputs, state = made_up(make_cell)

    outputs, after, _ = cell.traced_step(inputs, state)

    expected = cell.step(inputs, state)
    torch.testing.assert_close((outputs, tuple(after)), (expected[0], tuple(expected[1])))


@cells
def test_traced_step_state_is_computed_from_the_gates(make_cell: MakeCell) -> None:
    cell, inputs, state = made_up(make_cell)

    outputs, _, gates = cell.traced_step(inputs, state)

    for gate in gates.values():
        [gradient] = torch.autograd.grad(outputs.sum(), gate, retain_graph=True)
        assert gradient.any()


class DoubledLstm(LstmCell):
    """A subclass that replaces the step and says nothing of gates."""

    def step(self, inputs, state, *, noise: StepNoise = NO_NOISE):  # type: ignore[no-untyped-def]
        outputs, after = super().step(2.0 * inputs, state, noise=noise)
        return outputs, after


def test_traced_step_of_a_subclass_with_its_own_step_has_no_wrong_gates() -> None:
    cell, inputs, state = made_up(DoubledLstm)

    outputs, _, gates = cell.traced_step(inputs, state)

    assert torch.equal(outputs, cell.step(inputs, state)[0])
    assert gates == {}


class HalvedLstm(LstmCell):
    """A subclass that replaces the step and its gates together."""

    def step_with_gates(self, inputs, state, *, noise: StepNoise = NO_NOISE):  # type: ignore[no-untyped-def]
        return super().step_with_gates(0.5 * inputs, state, noise=noise)


def test_traced_step_of_a_subclass_with_its_own_gates_is_its_step() -> None:
    cell, inputs, state = made_up(HalvedLstm)

    outputs, _, gates = cell.traced_step(inputs, state)

    assert torch.equal(outputs, cell.step(inputs, state)[0])
    assert list(gates) == ["input_gate", "forget_gate", "cell_candidate", "output_gate"]
