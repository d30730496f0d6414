"""The minimal LSTM (minLSTM): forget and input gate depend on the input alone and sum to one."""

import torch
from torch import Tensor, nn

from nextword.cells.contract import Gates, uniform_parameter
from nextword.cells.diagonal import Coefficients, DiagonalCell

#: Order of the blocks along the first axis of every weight.
MIN_LSTM_GATES = ("forget_gate", "input_gate", "candidate")


class MinLstmCell(DiagonalCell):
    """A minLSTM layer, one step at a time; 3 * hidden * (input + 1) parameters.

    Equations: f, i = sigmoid(U e + b) each, h̃ = U_h e + b_h, h = f'∘h⁻ + i'∘h̃ with
    f' = f / (f + i) and i' = i / (f + i), so that h stays bounded over time; the three U
    stacked in `weight_ih` (3 * hidden, input) in the order of `MIN_LSTM_GATES`.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
        forget_bias: Initial value of the forget gate's bias.

    Raises:
        ConfigError: A size is below 1.

    Source: [feng2024], section 3.2.

    Example:
        >>> cell = MinLstmCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        scale = input_size**-0.5
        self.weight_ih = uniform_parameter(3 * hidden_size, input_size, scale=scale)
        bias = torch.zeros(3, hidden_size)
        bias[MIN_LSTM_GATES.index("forget_gate")] = forget_bias
        self.bias = nn.Parameter(bias.flatten())

    def gates(self, preactivations: Tensor) -> Gates:
        """Return f', i' and h̃ by the names of `MIN_LSTM_GATES`; f' and i' sum to one."""
        forget_gate, input_gate, candidate = preactivations.chunk(3, dim=-1)
        f, i = torch.sigmoid(forget_gate), torch.sigmoid(input_gate)
        return {"forget_gate": f / (f + i), "input_gate": i / (f + i), "candidate": candidate}

    def coefficients(self, gates: Gates) -> Coefficients:
        """Return f' and i'∘h̃."""
        return Coefficients(
            decay=gates["forget_gate"], update=gates["input_gate"] * gates["candidate"]
        )
