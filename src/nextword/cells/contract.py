"""The contract of a recurrent cell: an initial state, and one step in time.

A cell owns its parameters and computes one step; `nextword.recurrent` runs it over sequences. The
tests compare every faster way of running a cell with the step in the cell's own file.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ConfigError
from nextword.cells.manual_pass import ManualBackward
from nextword.cells.noise import NO_NOISE, StepNoise

#: The state of one layer: a NamedTuple whose fields are each (batch, width), hidden state first.
StateT = TypeVar("StateT", bound=tuple[Tensor, ...])
CellState = tuple[Tensor, ...]
StepInputs = Float[Tensor, "batch input"]
StepOutputs = Float[Tensor, "batch output"]
#: The gates of one step by name, each (batch, width), after their activation.
Gates = dict[str, Tensor]


class Cell(nn.Module, ABC, Generic[StateT]):
    """A recurrent layer, one step in time.

    Args:
        input_size: Width of the input of a step.
        hidden_size: Width of the state.

    Attributes:
        state_type: The NamedTuple class of the state.

    Raises:
        ConfigError: A size is below 1.
    """

    state_type: ClassVar[type[tuple[Tensor, ...]]]

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ConfigError(f"{name} is {size}; it must be at least 1.")
        self.input_size = input_size
        self.hidden_size = hidden_size

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state's parts, in the order of the container's fields."""
        names: tuple[str, ...] = self.state_type._fields  # type: ignore[attr-defined]
        return names

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Widths of the state's parts."""
        return (self.hidden_size,) * len(self.state_names)

    @property
    def output_size(self) -> int:
        """Width of the output of a step."""
        return self.hidden_size

    @property
    def has_recurrent_matrix(self) -> bool:
        """Whether the cell has a matrix, `weight_hh`, that multiplies the previous output."""
        return "weight_hh" in self._parameters

    def extra_repr(self) -> str:
        """Return the sizes, shown when the module is printed; part of a model's fingerprint."""
        return f"{self.input_size}, {self.hidden_size}"

    def learn_initial_state(self) -> None:
        """Make the initial state a trained parameter; it is zero before training."""
        for name, size in zip(self.state_names, self.state_sizes, strict=True):
            self.register_parameter(f"initial_{name}", nn.Parameter(torch.zeros(size)))

    def initial_state(self, batch_size: int) -> StateT:
        """Return the state before the first step: zeros, unless it is trained.

        A trained state is a view of its parameters, so a state returned earlier changes with them.

        Args:
            batch_size: Number of rows.

        Returns:
            Parts of (batch, width) each.
        """
        parts = zip(self.state_names, self.state_sizes, strict=True)
        state = self.state_type(*(self._initial(name, size, batch_size) for name, size in parts))
        return cast("StateT", state)

    def _initial(self, name: str, size: int, batch_size: int) -> Tensor:
        learnt = self._parameters.get(f"initial_{name}")
        if learnt is not None:
            return learnt.expand(batch_size, size)
        return next(self.parameters()).new_zeros(batch_size, size)

    @abstractmethod
    def step(
        self, inputs: StepInputs, state: StateT, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, StateT]:
        """Compute one step.

        Args:
            inputs: (batch, input).
            state: The state before the step.
            noise: Dropout of the recurrent product.

        Returns:
            Outputs, (batch, output), and the state after the step.
        """

    def step_with_gates(
        self, inputs: StepInputs, state: StateT, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, StateT, Gates]:
        """Compute one step and return its gates too; a cell without gates does not override it.

        The outputs and the state are computed from the returned gates, so that autograd can
        differentiate a later loss with respect to a gate. Call `traced_step`, which is right for
        every cell.

        Args:
            inputs: (batch, input).
            state: The state before the step.
            noise: Dropout of the recurrent product.

        Returns:
            Outputs, (batch, output); the state after the step; and the gates by name after their
            activation, (batch, width) each.
        """
        outputs, after = self.step(inputs, state, noise=noise)
        return outputs, after, {}

    def traced_step(
        self, inputs: StepInputs, state: StateT, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, StateT, Gates]:
        """Compute one step and return the gates that belong to it.

        Arguments and results are those of `step_with_gates`. A subclass that replaces `step` alone
        has no gates: those that it inherits belong to another step.
        """
        if self._step_has_gates:
            return self.step_with_gates(inputs, state, noise=noise)
        outputs, after = self.step(inputs, state, noise=noise)
        return outputs, after, {}

    @property
    def _step_has_gates(self) -> bool:
        names = ("step_with_gates", "step")
        defined = (name for base in type(self).__mro__ for name in names if name in vars(base))
        return next(defined) == "step_with_gates"

    def outputs(self, hidden_states: Tensor) -> Tensor:
        """Return the outputs that belong to hidden states: the same, unless a cell overrides this.

        Args:
            hidden_states: The first part of the state, (..., width).

        Returns:
            (..., output).
        """
        return hidden_states

    def input_gates(self, inputs: Tensor) -> Tensor:
        """Return the inputs' contribution to the gates, U e + b.

        It is called only for cells with a manual pass and for diagonal cells.

        Args:
            inputs: (..., input).

        Returns:
            (..., gates).
        """
        return functional.linear(
            inputs, self.get_parameter("weight_ih"), self.get_parameter("bias")
        )

    def manual_backward(self) -> ManualBackward | None:
        """Return the cell's manual forward and backward pass; None if it has none.

        The backend `hoisted` runs cells that have one.
        """
        return None


#: A cell with any type of state.
AnyCell = Cell[Any]


def uniform_parameter(*shape: int, scale: float) -> nn.Parameter:
    """Return a parameter drawn from the uniform distribution on [-scale, scale]."""
    return nn.Parameter(torch.empty(*shape).uniform_(-scale, scale))
