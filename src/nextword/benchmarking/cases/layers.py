"""Forward and backward passes of recurrent layers, compared with those of torch.nn."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from nextword.base import ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Parity,
    check_parity,
    sample_in_turns,
    timed,
)
from nextword.benchmarking.results import CaseResult
from nextword.benchmarking.step import at_default_precision
from nextword.cells import AnyCell, ElmanCell, GruCell, LstmCell
from nextword.recurrent import RecurrentStack
from nextword.tensors import autocast, has_fast_bfloat16, tune_process

CellKind = Literal["lstm", "gru", "elman"]

OURS = "nextword"
OURS_FLOAT32 = "nextword, float32"
PEER_BFLOAT16 = "torch.nn, bfloat16"
PEER = "torch.nn"
#: Odd sizes, which are not multiples of any vector or block length.
_SMALL = {"hidden_size": 63, "batch_size": 3}

CELLS: Mapping[CellKind, Callable[[int, int], AnyCell]] = {
    "lstm": LstmCell,
    "gru": GruCell,
    "elman": ElmanCell,
}
MODULES: Mapping[CellKind, Callable[..., nn.RNNBase]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "elman": nn.RNN,
}
#: Names in torch by our names. torch has a second bias per gate, which only a GRU's new gate needs.
_NAMES = {"weight_ih": "weight_ih", "weight_hh": "weight_hh", "bias": "bias_ih"}


class TimedPair(ABC):
    """Layers of nextword and of torch, and inputs of both, whose passes can be timed.

    Args:
        stack: Layers of nextword.
        module: Layers of torch.
        hidden_size: Width of the input.
        batch_size: Number of rows.
        num_steps: Number of time steps.
    """

    def __init__(
        self,
        stack: RecurrentStack,
        module: nn.RNNBase,
        *,
        hidden_size: int,
        batch_size: int,
        num_steps: int,
    ) -> None:
        self.stack = stack
        self.module = module
        self.inputs = torch.randn(batch_size, num_steps, hidden_size, requires_grad=True)
        self.grad_outputs = torch.randn(batch_size, num_steps, hidden_size)
        # Each implementation has its inputs in its own memory layout.
        self.their_inputs = time_major(self.inputs).requires_grad_()
        self.their_grad_outputs = time_major(self.grad_outputs)

    @abstractmethod
    def parity(self, precision: torch.dtype) -> Parity:
        """Compare outputs and gradients with those of the reference in float64.

        Args:
            precision: dtype of nextword's matrix products.

        Raises:
            BenchmarkError: A difference is larger than rounding in that dtype explains.
        """

    def our_pass(self, precision: torch.dtype) -> Tensor:
        """Run a forward and a backward pass of nextword's layers.

        Returns:
            The outputs, (batch, time, hidden_size).
        """
        clear_gradients(self.stack, self.inputs)
        with autocast(precision, self.inputs.device):
            outputs: Tensor = self.stack(self.inputs, self.stack.initial_state(len(self.inputs)))[0]
        run_backward(outputs, self.grad_outputs)
        return outputs

    def their_pass(self, precision: torch.dtype) -> Tensor:
        """Run a forward and a backward pass of torch's layers.

        Returns:
            The outputs, (time, batch, hidden_size).
        """
        clear_gradients(self.module, self.their_inputs)
        with autocast(precision, self.inputs.device):
            outputs: Tensor = self.module(self.their_inputs)[0]
        run_backward(outputs, self.their_grad_outputs)
        return outputs


class LayerPair(TimedPair):
    """Recurrent layers of nextword and of torch with the same weights and inputs.

    Args:
        cell: Kind of cell.
        num_layers: Number of layers.
        hidden_size: Width of the input and of every layer.
        batch_size: Number of rows.
        num_steps: Number of time steps.
    """

    def __init__(
        self, cell: CellKind, *, num_layers: int, hidden_size: int, batch_size: int, num_steps: int
    ) -> None:
        self.cells = [CELLS[cell](hidden_size, hidden_size) for _ in range(num_layers)]
        super().__init__(
            RecurrentStack(self.cells),
            MODULES[cell](hidden_size, hidden_size, num_layers),
            hidden_size=hidden_size,
            batch_size=batch_size,
            num_steps=num_steps,
        )
        self._share_weights(hidden_size)

    def parity(self, precision: torch.dtype) -> Parity:
        """Compare nextword's outputs and gradients with torch's in float64.

        Converts torch's layers to float64 in place.

        Args:
            precision: dtype of nextword's matrix products.

        Raises:
            BenchmarkError: A difference is larger than rounding in that dtype explains.
        """
        self.module.double()
        self.their_inputs = self.their_inputs.detach().double().requires_grad_()
        self.their_grad_outputs = self.their_grad_outputs.double()
        actual = {"outputs": self.our_pass(precision)}
        expected = {"outputs": self.their_pass(torch.float32).transpose(0, 1)}
        actual["gradient of the inputs"] = gradient_of(self.inputs)
        expected["gradient of the inputs"] = gradient_of(self.their_inputs).transpose(0, 1)
        for depth, cell in enumerate(self.cells):
            for ours, theirs in _NAMES.items():
                name = f"gradient of {ours} of layer {depth}"
                actual[name] = gradient_of(cell.get_parameter(ours))
                expected[name] = gradient_of(self.module.get_parameter(f"{theirs}_l{depth}"))
            if isinstance(cell, GruCell):
                name = f"gradient of recurrent_bias of layer {depth}"
                actual[name] = gradient_of(cell.recurrent_bias)
                second_bias = self.module.get_parameter(f"bias_hh_l{depth}")
                expected[name] = gradient_of(second_bias)[-cell.hidden_size :]
        return check_parity(actual, expected, precision=precision)

    @torch.no_grad()
    def _share_weights(self, hidden_size: int) -> None:
        for depth, cell in enumerate(self.cells):
            for ours, theirs in _NAMES.items():
                parameter = cell.get_parameter(ours)
                nn.init.normal_(parameter, std=0.5 * hidden_size**-0.5)
                self.module.get_parameter(f"{theirs}_l{depth}").copy_(parameter)
            second_bias = self.module.get_parameter(f"bias_hh_l{depth}").zero_()
            if isinstance(cell, GruCell):
                nn.init.normal_(cell.recurrent_bias, std=0.5)
                second_bias[-hidden_size:] = cell.recurrent_bias


@dataclass(frozen=True, kw_only=True)
class LayersCase(Case):
    """Recurrent layers of nextword compared with torch's.

    Attributes:
        cell: Kind of cell.
        make_pair: Class of the layers that are compared, with the arguments of `LayerPair`.
        num_layers: Number of layers.
        hidden_size: Width of the input and of every layer.
        batch_size: Number of rows.
        num_steps: Number of time steps.
        num_checked_steps: Number of time steps of the small layers that are checked before.
    """

    cell: str
    make_pair: Callable[..., TimedPair] = LayerPair
    num_layers: int = 2
    hidden_size: int = 650
    batch_size: int = 20
    num_steps: int = 35
    num_checked_steps: int = 7

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes by name."""
        names = ("num_layers", "hidden_size", "batch_size", "num_steps")
        return {name: getattr(self, name) for name in names}

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Check small layers, then time the layers in turns with torch's, in each dtype."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        torch.manual_seed(0)
        parity = self._parity(self.dtype)
        if self.dtype != torch.float32:
            self._parity(torch.float32)
        pair = self.make_pair(self.cell, **self.sizes)
        passes = timed_passes(pair, precision=self.dtype)
        contenders = {name: timed(step) for name, (step, _) in passes.items()}
        samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress))
        return self.result(
            samples,
            kind="layers",
            sizes=self.sizes,
            parity=parity,
            rows=tuple(
                row_of(samples, name, base=OURS, precision=precision)
                for name, (_, precision) in passes.items()
            ),
            started=started,
            backends=tuple(backend.name for backend in pair.stack.backends),
        )

    def _parity(self, precision: torch.dtype) -> Parity:
        sizes = {**self.sizes, **_SMALL, "num_steps": self.num_checked_steps}
        return self.make_pair(self.cell, **sizes).parity(precision)


def timed_passes(
    pair: TimedPair, *, precision: torch.dtype
) -> dict[str, tuple[Callable[[], object], torch.dtype]]:
    """Return the pass and dtype of each implementation, by name.

    torch's passes run with its default precision of float32 matrix products.

    Args:
        pair: The two implementations.
        precision: dtype of nextword's matrix products; float32 is timed too.
    """

    def ours(precision: torch.dtype) -> Callable[[], object]:
        return lambda: pair.our_pass(precision)

    def theirs(precision: torch.dtype) -> Callable[[], object]:
        return at_default_precision(lambda: pair.their_pass(precision))

    passes = {OURS: (ours(precision), precision)}
    if precision != torch.float32:
        passes[OURS_FLOAT32] = (ours(torch.float32), torch.float32)
    passes[PEER] = (theirs(torch.float32), torch.float32)
    if has_fast_bfloat16(torch.device("cpu")):
        passes[PEER_BFLOAT16] = (theirs(torch.bfloat16), torch.bfloat16)
    return passes


def time_major(tensor: Tensor) -> Tensor:
    """Return a time-major copy of a batch-first tensor."""
    return tensor.detach().transpose(0, 1).contiguous()


def run_backward(outputs: Tensor, grad_outputs: Tensor) -> None:
    """Run a backward pass from the gradient of the outputs, in their dtype."""
    outputs.backward(grad_outputs.to(outputs.dtype))  # type: ignore[no-untyped-call]


def clear_gradients(module: nn.Module, inputs: Tensor) -> None:
    """Clear the gradients of weights and inputs."""
    module.zero_grad()
    inputs.grad = None


def gradient_of(tensor: Tensor) -> Tensor:
    """Return the gradient of a tensor, or zeros if it has none."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
