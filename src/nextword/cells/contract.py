"""What every recurrent cell offers: a fresh state, and one step in time.

A cell owns its parameters and one step; running it over a sequence is the business of
`nextword.recurrent`. The step in the cell's own file is the truth that every faster way of
running it is proved equal to.
"""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.base import ConfigError

#: The state of one layer: a NamedTuple whose fields are each (batch, hidden).
CellState = tuple[Tensor, ...]
StepInputs = Float[Tensor, "batch input"]
StepOutputs = Float[Tensor, "batch hidden"]


@runtime_checkable
class Cell(Protocol):
    """One recurrent layer at one step in time.

    Attributes:
        input_size: Width of what is read at a step.
        hidden_size: Width of what is given out.
        state_names: Names of the state's parts, in the order of the state's fields.
    """

    input_size: int
    hidden_size: int
    state_names: tuple[str, ...]

    def initial_state(self, batch_size: int) -> CellState:
        """Give the state of rows that have read nothing: zeros."""

    def step(self, inputs: StepInputs, state: CellState) -> tuple[StepOutputs, CellState]:
        """Read one input per row and give the outputs and the next state."""


def check_sizes(*, input_size: int, hidden_size: int) -> None:
    """Refuse sizes below 1.

    Raises:
        ConfigError: A size is below 1.
    """
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if size < 1:
            raise ConfigError(f"{name} is {size}; it must be at least 1.")


def uniform_parameter(*shape: int, scale: float) -> torch.nn.Parameter:
    """Give a parameter drawn from the uniform distribution on [-scale, scale]."""
    return torch.nn.Parameter(torch.empty(*shape).uniform_(-scale, scale))

