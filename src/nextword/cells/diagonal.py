"""Cells whose gates do not depend on the state: h[t] = a[t]∘h[t-1] + b[t], elementwise.

Since a and b depend on the inputs alone, all steps can be computed at once: two successive steps
are again such a step, (a₂a₁, a₂b₁ + b₂), which is all that a parallel scan needs.
"""

from abc import abstractmethod
from typing import NamedTuple

from torch import Tensor

from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs
from nextword.cells.noise import NO_NOISE, StepNoise


class DiagonalState(NamedTuple):
    """h[t-1], (batch, hidden)."""

    hidden_state: Tensor


class Coefficients(NamedTuple):
    """a and b of h = a∘h⁻ + b, each (..., hidden)."""

    decay: Tensor
    update: Tensor


class DiagonalCell(Cell[DiagonalState]):
    """A layer that is linear in its state, without a recurrent matrix.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
    """

    state_type = DiagonalState

    @abstractmethod
    def gates(self, preactivations: Tensor) -> Gates:
        """Return the gates by name, (..., hidden) each.

        Args:
            preactivations: The result of `input_gates`, (..., gates).
        """

    @abstractmethod
    def coefficients(self, gates: Gates) -> Coefficients:
        """Return a and b, (..., hidden) each.

        Args:
            gates: The result of `gates`.
        """

    def step(
        self, inputs: StepInputs, state: DiagonalState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, DiagonalState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: DiagonalState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, DiagonalState, Gates]:
        """Compute one step and return the gates too."""
        gates = self.gates(self.input_gates(inputs).to(state.hidden_state.dtype))
        a, b = self.coefficients(gates)
        h = a * state.hidden_state + b
        return h, DiagonalState(hidden_state=h), gates
