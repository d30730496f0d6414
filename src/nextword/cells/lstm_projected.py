"""The LSTM with a projection: a wide cell, and a narrow vector that is shown and fed back."""

from typing import NamedTuple

from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import LstmState, forget_biased, lstm_step
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.lstm_projected import ProjectedLstmPointwise


class ProjectedLstmState(NamedTuple):
    """r[t-1], (batch, projection), and c[t-1], (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor


class ProjectedLstmCell(Cell[ProjectedLstmState]):
    """An LSTM layer at one step whose output is r = W_r (o∘tanh(c)); r is also what is fed back.

    4 * hidden * (projection + input + 1) + projection * hidden parameters: a cell of 2048 with
    outputs of 512 has a recurrent matrix, and above it a softmax, of a quarter the size.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the cell state.
        projection_size: Width of what is shown and fed back.
        forget_bias: Where the forget gate's bias starts.

    Raises:
        ConfigError: A size is below 1, or the projection wider than the cell state.

    Source: Sak et al. (2014), without the part of the projection that is not fed back; Jozefowicz
    et al. (2016).

    Example:
        >>> import torch
        >>> cell = ProjectedLstmCell(3, 8, projection_size=2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape, state.cell_state.shape
        (torch.Size([4, 2]), torch.Size([4, 8]))
    """

    state_type = ProjectedLstmState

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        projection_size: int,
        forget_bias: float = 1.0,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if not 1 <= projection_size <= hidden_size:
            raise ConfigError(
                f"projection_size is {projection_size} and hidden_size {hidden_size}; a "
                "projection has at least 1 number and at most as many as the cell state.",
                help=f"Set model.projection_size to at most {hidden_size}.",
            )
        self.projection_size = projection_size
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(4 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(4 * hidden_size, projection_size, scale=scale)
        self.bias = nn.Parameter(forget_biased(hidden_size, forget_bias))
        self.weight_hr = uniform_parameter(projection_size, hidden_size, scale=scale)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Widths of r and c."""
        return (self.projection_size, self.hidden_size)

    @property
    def output_size(self) -> int:
        """Width of r."""
        return self.projection_size

    def extra_repr(self) -> str:
        """Say the sizes where the module is printed."""
        return f"{super().extra_repr()}, projection_size={self.projection_size}"

    def step(
        self, inputs: StepInputs, state: ProjectedLstmState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ProjectedLstmState]:
        """Read one input per row; the outputs are the new r."""
        wide = lstm_step(
            inputs,
            LstmState(*state),
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
            noise=noise,
        )
        r = wide.hidden_state @ self.weight_hr.T
        return r, ProjectedLstmState(hidden_state=r, cell_state=wide.cell_state)

    def pointwise(self) -> ProjectedLstmPointwise:
        """Give the hand-written way there and back."""
        return ProjectedLstmPointwise()
