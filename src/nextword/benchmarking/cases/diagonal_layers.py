"""minGRU and minLSTM layers over a long window, compared with torch.nn.LSTM of the same width.

They are different layers: the comparison shows what a linear recurrence costs beside an LSTM. The
results of ours are checked against our reference in float64.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Literal

import torch
from torch import Tensor, nn

from nextword.benchmarking.cases.layers import TimedPair, gradient_of
from nextword.benchmarking.measuring import Parity, check_parity
from nextword.cells import AnyCell, MinGruCell, MinLstmCell
from nextword.recurrent import RecurrentStack

DiagonalKind = Literal["min_gru", "min_lstm"]

CELLS: Mapping[DiagonalKind, Callable[[int, int], AnyCell]] = {
    "min_gru": MinGruCell,
    "min_lstm": MinLstmCell,
}


class DiagonalPair(TimedPair):
    """Diagonal layers of nextword, and LSTM layers of torch with the same sizes and inputs.

    Args:
        cell: Kind of cell.
        num_layers: Number of layers.
        hidden_size: Width of the input and of every layer.
        batch_size: Number of rows.
        num_steps: Number of time steps.
    """

    def __init__(
        self,
        cell: DiagonalKind,
        *,
        num_layers: int,
        hidden_size: int,
        batch_size: int,
        num_steps: int,
    ) -> None:
        super().__init__(
            RecurrentStack([CELLS[cell](hidden_size, hidden_size) for _ in range(num_layers)]),
            nn.LSTM(hidden_size, hidden_size, num_layers),
            hidden_size=hidden_size,
            batch_size=batch_size,
            num_steps=num_steps,
        )

    def parity(self, precision: torch.dtype) -> Parity:
        """Compare outputs and gradients with those of the reference in float64.

        Args:
            precision: dtype of the matrix products.

        Raises:
            BenchmarkError: A difference is larger than rounding in that dtype explains.
        """
        actual = self._results(self.our_pass(precision))
        exact = deepcopy(self)
        exact.stack = RecurrentStack(
            [deepcopy(cell).double() for cell in self.stack.layers], backend="reference"
        )
        exact.inputs = self.inputs.detach().double().requires_grad_()
        exact.grad_outputs = self.grad_outputs.double()
        expected = exact._results(exact.our_pass(torch.float32))
        return check_parity(actual, expected, precision=precision)

    def _results(self, outputs: Tensor) -> dict[str, Tensor]:
        weights = {
            f"gradient of {name}": gradient_of(parameter)
            for name, parameter in self.stack.named_parameters()
        }
        return {
            "outputs": outputs.detach(),
            "gradient of the inputs": gradient_of(self.inputs),
            **weights,
        }
