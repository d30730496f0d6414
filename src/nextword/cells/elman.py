"""The simple recurrent network of Elman: h[t] = σ(W_e e[t] + W_h h[t-1] + b)."""

from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn

from nextword.base import ConfigError, did_you_mean
from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.elman import ElmanPointwise

Nonlinearity = Literal["tanh", "sigmoid", "relu"]
NONLINEARITIES = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


def known_nonlinearity(name: str) -> Nonlinearity:
    """Give the name back where it is one.

    Raises:
        ConfigError: It is unknown.
    """
    if name not in NONLINEARITIES:
        raise ConfigError(
            f"nonlinearity {name!r} is unknown.", help=did_you_mean(name, NONLINEARITIES)
        )
    return cast("Nonlinearity", name)


class ElmanState(NamedTuple):
    """h[t-1], (batch, hidden)."""

    hidden_state: Tensor


def elman_step(
    inputs: Tensor,
    state: ElmanState,
    *,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor,
    nonlinearity: Nonlinearity,
    noise: StepNoise = NO_NOISE,
) -> ElmanState:
    """Give h[t] in the letters of the lectures.

    Equation: h = σ(W_e e + W_h h⁻ + b), with W_e `weight_ih` (hidden, input), W_h `weight_hh`
    (hidden, hidden), b `bias` (hidden), e `inputs` (batch, input) and h⁻ the state.
    """
    sigma = NONLINEARITIES[nonlinearity]
    h = sigma(inputs @ weight_ih.T + noise.seen(state.hidden_state) @ weight_hh.T + bias)
    return ElmanState(hidden_state=h)


class ElmanCell(Cell[ElmanState]):
    """An Elman layer at one step: hidden * (hidden + input + 1) parameters.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
        nonlinearity: σ: tanh or sigmoid as in the lectures, or relu.

    Raises:
        ConfigError: A size is below 1 or the nonlinearity is unknown.

    Source: Elman (1990), "Finding structure in time"; lectures 000-004. ReLU is an extension.

    Example:
        >>> cell = ElmanCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    state_type = ElmanState

    def __init__(
        self, input_size: int, hidden_size: int, *, nonlinearity: Nonlinearity = "tanh"
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.nonlinearity = known_nonlinearity(nonlinearity)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def extra_repr(self) -> str:
        """Say the sizes and the nonlinearity where the module is printed."""
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity}"

    def step(
        self, inputs: StepInputs, state: ElmanState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ElmanState]:
        """Read one input per row; the outputs are the new hidden state."""
        state = elman_step(
            inputs,
            state,
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
            nonlinearity=self.nonlinearity,
            noise=noise,
        )
        return state.hidden_state, state

    def pointwise(self) -> ElmanPointwise:
        """Give the hand-written way there and back."""
        return ElmanPointwise(self.nonlinearity)
