"""The sLSTM: an LSTM with an exponential input gate, a normalizer and a stabilizer."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import forget_biased
from nextword.cells.noise import NO_NOISE, StepNoise


class SlstmState(NamedTuple):
    """h[t-1], c[t-1], n[t-1] and m[t-1], each (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor
    normalizer: Tensor
    stabilizer: Tensor


class SlstmGates(NamedTuple):
    """The gates of one step, each (batch, hidden): log i, log f, z and o."""

    log_input_gate: Tensor
    log_forget_gate: Tensor
    cell_candidate: Tensor
    output_gate: Tensor


def slstm_update(gates: SlstmGates, state: SlstmState) -> SlstmState:
    """Compute the state after a step.

    m = max(log f + m⁻, log i), i' = exp(log i - m), f' = exp(log f + m⁻ - m),
    c = f'∘c⁻ + i'∘z, n = f'∘n⁻ + i', h = o∘c/n. The stabilizer m bounds both exponentials by 1 and
    cancels in c/n. Before the first step n⁻ is 0 and there is no m⁻, so m is log i.
    """
    log_i, log_f, z, o = gates
    kept = log_f + state.stabilizer
    m = torch.where(state.normalizer == 0.0, log_i, torch.maximum(kept, log_i))
    i, f = torch.exp(log_i - m), torch.exp((kept - m).clamp_max(0.0))
    c = f * state.cell_state + i * z
    # n is never negative; the absolute value keeps the quotient defined for any state.
    n = f * state.normalizer.abs() + i
    return SlstmState(hidden_state=o * c / n, cell_state=c, normalizer=n, stabilizer=m)


class SlstmCell(Cell[SlstmState]):
    """An sLSTM layer, one step at a time; 4 * hidden * (hidden + input + 1) parameters.

    Equations: log i = U_i e + W_i h⁻ + b_i, log f = log sigmoid(U_f e + W_f h⁻ + b_f),
    z = tanh(U_z e + W_z h⁻ + b_z), o = sigmoid(U_o e + W_o h⁻ + b_o), and `slstm_update`; the four
    U stacked in `weight_ih` and the four W in `weight_hh`, in the order i, f, z, o.

    Departures from the paper: the recurrent matrices are full, which is one head; the forget gate
    is a sigmoid, one of the paper's two choices; and the layer is the cell alone, without the
    convolution, the group normalization and the projections of the paper's blocks.

    Args:
        input_size: Width of the input.
        hidden_size: Width of each part of the state.
        forget_bias: Initial value of the forget gate's bias.

    Raises:
        ConfigError: A size is below 1.

    Source: [beck2024], section 2.2.

    Example:
        >>> cell = SlstmCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> state.normalizer[0].tolist()
        [1.0, 1.0]
    """

    state_type = SlstmState

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(4 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(4 * hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(forget_biased(hidden_size, forget_bias))

    def step(
        self, inputs: StepInputs, state: SlstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, SlstmState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: SlstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, SlstmState, Gates]:
        """Compute one step and return log i, log f, z and o too; i itself may overflow."""
        product = noise.seen(state.hidden_state) @ noise.matrix(self.weight_hh).T
        i, f, z, o = (inputs @ self.weight_ih.T + product + self.bias).chunk(4, dim=1)
        gates = SlstmGates(
            log_input_gate=i,
            log_forget_gate=functional.logsigmoid(f),
            cell_candidate=torch.tanh(z),
            output_gate=torch.sigmoid(o),
        )
        after = slstm_update(gates, state)
        return after.hidden_state, after, gates._asdict()
