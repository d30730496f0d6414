"""The simple recurrent network of Elman: h[t] = σ(W_e e[t] + W_h h[t-1] + b)."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn

from nextword.base import ConfigError, did_you_mean
from nextword.cells.activations import ACTIVATIONS, Activation
from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.manual_pass import LayerPass, ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise

Nonlinearity = Literal["tanh", "sigmoid", "relu"]
NONLINEARITIES = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


def known_nonlinearity(name: str) -> Nonlinearity:
    """Return the name if it is a known nonlinearity.

    Raises:
        ConfigError: The name is unknown.
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
    """Compute h[t], in the notation of the lectures.

    Equation: h = σ(W_e e + W_h h⁻ + b), with W_e `weight_ih` (hidden, input), W_h `weight_hh`
    (hidden, hidden), b `bias` (hidden), e `inputs` (batch, input) and h⁻ the state.
    """
    sigma = NONLINEARITIES[nonlinearity]
    seen = noise.seen(state.hidden_state)
    h = sigma(_preactivation(inputs, seen, weight_ih=weight_ih, weight_hh=weight_hh, bias=bias))
    return ElmanState(hidden_state=h)


def _preactivation(
    inputs: Tensor, hidden_state: Tensor, *, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> Tensor:
    return inputs @ weight_ih.T + hidden_state @ weight_hh.T + bias


class ElmanCell(Cell[ElmanState]):
    """An Elman layer, one step at a time; hidden * (hidden + input + 1) parameters.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
        nonlinearity: σ: tanh or sigmoid as in the lectures, or relu.

    Raises:
        ConfigError: A size is below 1 or the nonlinearity is unknown.

    Source: [elman1990]; [lecture-000] to [lecture-004]. ReLU is an extension.

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
        """Return the sizes and the nonlinearity, shown when the module is printed."""
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity}"

    def step(
        self, inputs: StepInputs, state: ElmanState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ElmanState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: ElmanState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, ElmanState, Gates]:
        """Compute one step and return the argument of σ too, named `preactivation`.

        The cell has no gates; the pre-activation shows which units σ has driven into saturation.
        """
        preactivation = _preactivation(
            inputs,
            noise.seen(state.hidden_state),
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
        )
        h = NONLINEARITIES[self.nonlinearity](preactivation)
        return h, ElmanState(hidden_state=h), {"preactivation": preactivation}

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return ElmanManualBackward(self.nonlinearity)


class ElmanPass(LayerPass):
    """A manual pass of the Elman cell; stores the result of σ at each step."""

    def __init__(self, input_gates: Tensor, product: Product, *, activation: Activation) -> None:
        self.input_gates = input_gates
        self.product = product
        self.activation = activation
        self.activated = torch.empty_like(input_gates)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute h = σ(W_e e + W_h h⁻ + b)."""
        summed = self.product.add(self.input_gates[time], before[0], out=self.activated[time])
        after[0].copy_(self.activation.apply_(summed))

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute σ' for all steps."""
        self.factors = self.activation.derivative(self.activated)
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradient of h⁻."""
        torch.mul(self.factors[time], gradients[0], out=self.grad_gates[time])
        return [self.product.backward(self.grad_gates[time])]

    def gradients(self) -> PassGradients:
        """Return the gradients; the inputs and the product are only added, so they share one."""
        return PassGradients(input_gates=self.grad_gates, products=self.grad_gates)


class ElmanManualBackward(ManualBackward):
    """Starts manual passes of `ElmanCell`, `LinearCell` and `ElmanPreactivationCell`.

    Args:
        activation: σ: a key of `ACTIVATIONS`.
        pass_class: The class of a pass.
    """

    def __init__(self, activation: str, *, pass_class: type[ElmanPass] = ElmanPass) -> None:
        self.activation = ACTIVATIONS[activation]
        self.pass_class = pass_class

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> ElmanPass:
        """Start a pass through a window."""
        return self.pass_class(input_gates, product, activation=self.activation)
