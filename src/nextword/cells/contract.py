"""What every recurrent cell offers: a fresh state, and one step in time.

A cell owns its parameters and one step; running it over a sequence is the business of
`nextword.recurrent`. The step in the cell's own file is the truth that every faster way of
running it is proved equal to.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ConfigError
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.contract import Pointwise

#: The state of one layer: a NamedTuple whose fields are each (batch, width), hidden state first.
StateT = TypeVar("StateT", bound=tuple[Tensor, ...])
CellState = tuple[Tensor, ...]
StepInputs = Float[Tensor, "batch input"]
StepOutputs = Float[Tensor, "batch output"]


class Cell(nn.Module, ABC, Generic[StateT]):
    """One recurrent layer at one step in time.

    Args:
        input_size: Width of what is read at a step.
        hidden_size: Width of the state.

    Attributes:
        state_type: The state's container.

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
        """Width of what is given out at a step."""
        return self.hidden_size

    @property
    def has_recurrent_matrix(self) -> bool:
        """Whether a matrix, `weight_hh`, reads the previous output."""
        return "weight_hh" in self._parameters

    def extra_repr(self) -> str:
        """Say the sizes where the module is printed; part of a model's fingerprint."""
        return f"{self.input_size}, {self.hidden_size}"

    def learn_initial_state(self) -> None:
        """Let training find the state that stands before the first step; it begins at zero."""
        for name, size in zip(self.state_names, self.state_sizes, strict=True):
            self.register_parameter(f"initial_{name}", nn.Parameter(torch.zeros(size)))

    def initial_state(self, batch_size: int) -> StateT:
        """Give the state of rows that have read nothing: zeros, unless it is learnt.

        A learnt state is a view of its parameters, so a state that was given earlier follows them.
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
        self, inputs: StepInputs, state: StateT, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, StateT]:
        """Read one input per row and give the outputs and the next state.

        Args:
            inputs: (batch, input).
            state: What was read before.
            noise: What disturbs the recurrent product in training.
        """

    def outputs(self, hidden_states: Tensor) -> Tensor:
        """Give what is shown of hidden states, of any leading axes: the states themselves."""
        return hidden_states

    def input_gates(self, inputs: Tensor) -> Tensor:
        """Give what inputs alone add to the gates, U e + b, for inputs of any leading axes.

        Only a cell with a `pointwise` part is asked.
        """
        return functional.linear(
            inputs, self.get_parameter("weight_ih"), self.get_parameter("bias")
        )

    def pointwise(self) -> Pointwise | None:
        """Give the cell's part in a hand-written way there and back; None where it has none.

        A cell that has one can run on the backend `hoisted`.
        """
        return None


#: A cell of whatever state.
AnyCell = Cell[Any]


def uniform_parameter(*shape: int, scale: float) -> nn.Parameter:
    """Give a parameter drawn from the uniform distribution on [-scale, scale]."""
    return nn.Parameter(torch.empty(*shape).uniform_(-scale, scale))
