"""What every recurrent cell offers: a fresh state, and one step in time.

A cell owns its parameters and one step; running it over a sequence is the business of
`nextword.recurrent`. The step in the cell's own file is the truth that every faster way of
running it is proved equal to.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import ConfigError

#: The state of one layer: a NamedTuple whose fields are each (batch, hidden).
StateT = TypeVar("StateT", bound=tuple[Tensor, ...])
CellState = tuple[Tensor, ...]
StepInputs = Float[Tensor, "batch input"]
StepOutputs = Float[Tensor, "batch hidden"]


class Cell(nn.Module, ABC, Generic[StateT]):
    """One recurrent layer at one step in time.

    Args:
        input_size: Width of what is read at a step.
        hidden_size: Width of what is given out.

    Attributes:
        state_names: Names of the state's parts, in the order of the state's fields.

    Raises:
        ConfigError: A size is below 1.
    """

    state_names: ClassVar[tuple[str, ...]]

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ConfigError(f"{name} is {size}; it must be at least 1.")
        self.input_size = input_size
        self.hidden_size = hidden_size

    def extra_repr(self) -> str:
        """Say the sizes where the module is printed; part of a model's fingerprint."""
        return f"{self.input_size}, {self.hidden_size}"

    @abstractmethod
    def initial_state(self, batch_size: int) -> StateT:
        """Give the state of rows that have read nothing: zeros."""

    @abstractmethod
    def step(self, inputs: StepInputs, state: StateT) -> tuple[StepOutputs, StateT]:
        """Read one input per row and give the outputs and the next state."""


#: A cell of whatever state.
AnyCell = Cell[Any]


def uniform_parameter(*shape: int, scale: float) -> nn.Parameter:
    """Give a parameter drawn from the uniform distribution on [-scale, scale]."""
    return nn.Parameter(torch.empty(*shape).uniform_(-scale, scale))
