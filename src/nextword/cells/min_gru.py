"""The minimal GRU (minGRU): one update gate, which depends on the input alone."""

import torch
from torch import Tensor, nn

from nextword.cells.contract import Gates, uniform_parameter
from nextword.cells.diagonal import Coefficients, DiagonalCell

#: Order of the blocks along the first axis of every weight.
MIN_GRU_GATES = ("update_gate", "candidate")


class MinGruCell(DiagonalCell):
    """A minGRU layer, one step at a time; 2 * hidden * (input + 1) parameters.

    Equations: z = sigmoid(U_z e + b_z), h̃ = U_h e + b_h, h = (1 - z)∘h⁻ + z∘h̃, with U_z and U_h
    stacked in `weight_ih` (2 * hidden, input) in the order of `MIN_GRU_GATES`.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.

    Raises:
        ConfigError: A size is below 1.

    Source: [feng2024], section 3.1.

    Example:
        >>> cell = MinGruCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        scale = input_size**-0.5
        self.weight_ih = uniform_parameter(2 * hidden_size, input_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(2 * hidden_size))

    def gates(self, preactivations: Tensor) -> Gates:
        """Return z and h̃ by the names of `MIN_GRU_GATES`."""
        update_gate, candidate = preactivations.chunk(2, dim=-1)
        return {"update_gate": torch.sigmoid(update_gate), "candidate": candidate}

    def coefficients(self, gates: Gates) -> Coefficients:
        """Return 1 - z and z∘h̃."""
        z = gates["update_gate"]
        return Coefficients(decay=1 - z, update=z * gates["candidate"])
