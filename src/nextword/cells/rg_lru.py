"""The real-gated linear recurrent unit (RG-LRU): a decay per unit, which a gate moderates."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.cells.contract import Gates, uniform_parameter
from nextword.cells.diagonal import Coefficients, DiagonalCell

#: Order of the blocks along the first axis of every weight.
RG_LRU_GATES = ("recurrence_gate", "input_gate", "candidate")
#: c of the paper: how much a fully open recurrence gate forgets.
_SHARPNESS = 8.0
#: Range of the initial decay per step with an open recurrence gate.
_LOWEST_DECAY, _HIGHEST_DECAY = 0.9, 0.999
#: Smallest 1 - a², so that its root has a finite gradient where a unit keeps everything.
_SMALLEST_SHARE = 1e-6


class RgLruCell(DiagonalCell):
    """An RG-LRU layer, one step at a time; 3 * hidden * (input + 1) + hidden parameters.

    Equations: r, i = sigmoid(U e + b) each, x = U_x e + b_x, a = exp(8 r log sigmoid(Λ)),
    h = a∘h⁻ + sqrt(1 - a²)∘(i∘x); the three U stacked in `weight_ih` (3 * hidden, input) in the
    order of `RG_LRU_GATES`, and Λ in `decay` (hidden).

    Departures from the paper: the gates are computed from the input e instead of from x, which is a
    linear function of it; their matrices are full instead of block-diagonal; and the layer is the
    unit alone, without the convolution and the gated branch of the paper's block.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.

    Raises:
        ConfigError: A size is below 1.

    Source: [de2024], section 2.4.

    Example:
        >>> cell = RgLruCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        scale = input_size**-0.5
        self.weight_ih = uniform_parameter(3 * hidden_size, input_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(3 * hidden_size))
        self.decay = nn.Parameter(_initial_decay(hidden_size))

    def gates(self, preactivations: Tensor) -> Gates:
        """Return r, i and x by the names of `RG_LRU_GATES`."""
        recurrence_gate, input_gate, candidate = preactivations.chunk(3, dim=-1)
        return {
            "recurrence_gate": torch.sigmoid(recurrence_gate),
            "input_gate": torch.sigmoid(input_gate),
            "candidate": candidate,
        }

    def coefficients(self, gates: Gates) -> Coefficients:
        """Return a and sqrt(1 - a²)∘(i∘x)."""
        log_decay = functional.logsigmoid(self.decay).to(gates["candidate"].dtype)
        log_a = _SHARPNESS * gates["recurrence_gate"] * log_decay
        share = torch.sqrt((-torch.expm1(2.0 * log_a)).clamp_min(_SMALLEST_SHARE))
        return Coefficients(
            decay=torch.exp(log_a), update=share * gates["input_gate"] * gates["candidate"]
        )


def _initial_decay(hidden_size: int) -> Tensor:
    """Return Λ, (hidden), such that sigmoid(Λ)⁸ is uniform in [0.9, 0.999]."""
    open_decay = torch.empty(hidden_size).uniform_(_LOWEST_DECAY, _HIGHEST_DECAY)
    log_decay = torch.log(open_decay) / _SHARPNESS
    # The logit of exp(log_decay).
    return log_decay - torch.log(-torch.expm1(log_decay))
