"""The LSTM with a projection: a wide cell state, and a narrower output that is fed back."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import LstmPass, LstmState, forget_biased, lstm_gates, lstm_update
from nextword.cells.manual_pass import ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise


class ProjectedLstmState(NamedTuple):
    """r[t-1], (batch, projection), and c[t-1], (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor


class ProjectedLstmCell(Cell[ProjectedLstmState]):
    """An LSTM layer whose output is r = W_r (o∘tanh(c)); r is also fed back in place of h.

    It has 4 * hidden * (projection + input + 1) + projection * hidden parameters. With a cell state
    of 2048 and outputs of 512 the recurrent matrix, and the softmax over the outputs, are a quarter
    of the size that they have without a projection.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the cell state.
        projection_size: Width of r, the output.
        forget_bias: Initial value of the forget gate's bias.

    Raises:
        ConfigError: A size is below 1, or the projection wider than the cell state.

    Source: [sak2014], without the part of the projection that is not fed back; [jozefowicz2016].

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
        """Return the sizes, shown when the module is printed."""
        return f"{super().extra_repr()}, projection_size={self.projection_size}"

    def step(
        self, inputs: StepInputs, state: ProjectedLstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ProjectedLstmState]:
        """Compute one step; the outputs are the new r."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: ProjectedLstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ProjectedLstmState, Gates]:
        """Compute one step and return the gates of `LSTM_GATES` too, (batch, hidden) each."""
        gates = lstm_gates(
            inputs,
            noise.seen(state.hidden_state),
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
        )
        wide = lstm_update(gates, LstmState(*state))
        r = wide.hidden_state @ self.weight_hr.T
        return r, ProjectedLstmState(hidden_state=r, cell_state=wide.cell_state), gates._asdict()

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return ProjectedLstmManualBackward()


class ProjectedLstmPass(LstmPass):
    """A manual pass of the projected LSTM; also stores o∘tanh(c), which is projected."""

    def __init__(self, input_gates: Tensor, product: Product, *, projection: Tensor) -> None:
        super().__init__(input_gates, product)
        self.projection = projection.to(product.dtype)
        self.wide = torch.empty_like(self.tanh_cells)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute an LSTM step, then r = W_r (o∘tanh(c))."""
        wide = self.wide[time]
        super().step(time, before, after=(wide, after[1]))
        after[0].copy_(wide.to(self.product.dtype) @ self.projection.t())

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once."""
        super().precompute_backward(states)
        self.grad_projected = states[0].new_empty(states[0][1:].shape, dtype=self.product.dtype)

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradients of r⁻ and c⁻."""
        grad_projected = self.grad_projected[time].copy_(gradients[0])
        grad_wide = (grad_projected @ self.projection).to(gradients[1].dtype)
        return super().step_backward(time, (grad_wide, gradients[1]))

    def gradients(self) -> PassGradients:
        """Return the gradients of the LSTM, and that of W_r."""
        found = super().gradients()
        wide = self.wide.flatten(0, 1).to(self.product.dtype)
        return PassGradients(
            input_gates=found.input_gates,
            products=found.products,
            other_weights=(self.grad_projected.flatten(0, 1).t() @ wide,),
        )


class ProjectedLstmManualBackward(ManualBackward):
    """Starts manual passes of `ProjectedLstmCell`."""

    other_weights = ("weight_hr",)

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> ProjectedLstmPass:
        """Start a pass through a window."""
        (projection,) = other_weights
        return ProjectedLstmPass(input_gates, product, projection=projection)
