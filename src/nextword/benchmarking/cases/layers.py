"""Recurrent layers alone, forward and backward, beside those of torch.nn."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from nextword.benchmarking.cases.contract import Case, Notify, on_pairs, row_of
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
#: Odd sizes, so that no row, panel or vector is whole.
_SMALL = {"hidden_size": 63, "batch_size": 3, "num_steps": 7}

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
#: Our weights by torch's; its second bias a gate is one too many, but for a part of a GRU's.
_NAMES = {"weight_ih": "weight_ih", "weight_hh": "weight_hh", "bias": "bias_ih"}


class LayerPair:
    """Layers of ours and of torch's with the same weights, and what both read.

    Args:
        cell: Which kind.
        num_layers: How many.
        hidden_size: Width of the input and of every layer.
        batch_size: Rows.
        num_steps: Steps.
    """

    def __init__(
        self, cell: CellKind, *, num_layers: int, hidden_size: int, batch_size: int, num_steps: int
    ) -> None:
        self.cells = [CELLS[cell](hidden_size, hidden_size) for _ in range(num_layers)]
        self.stack = RecurrentStack(self.cells)
        self.module = MODULES[cell](hidden_size, hidden_size, num_layers)
        self._share_weights(hidden_size)
        self.inputs = torch.randn(batch_size, num_steps, hidden_size, requires_grad=True)
        self.grad_outputs = torch.randn(batch_size, num_steps, hidden_size)
        # Each side has its own, in the order of axes that suits it.
        self.their_inputs = _time_major(self.inputs).requires_grad_()
        self.their_grad_outputs = _time_major(self.grad_outputs)

    def our_pass(self, precision: torch.dtype) -> Tensor:
        """Go forward and backward through ours; give the outputs, (batch, time, hidden)."""
        _forget_gradients(self.stack, self.inputs)
        with autocast(precision, self.inputs.device):
            outputs: Tensor = self.stack(self.inputs, self.stack.initial_state(len(self.inputs)))[0]
        _go_back(outputs, self.grad_outputs)
        return outputs

    def their_pass(self, precision: torch.dtype) -> Tensor:
        """Go forward and backward through torch's; give the outputs, (time, batch, hidden)."""
        _forget_gradients(self.module, self.their_inputs)
        with autocast(precision, self.inputs.device):
            outputs: Tensor = self.module(self.their_inputs)[0]
        _go_back(outputs, self.their_grad_outputs)
        return outputs

    def parity(self, precision: torch.dtype) -> Parity:
        """Compare ours with torch's in float64, in which torch's then stays.

        Raises:
            BenchmarkError: They differ by more than the dtype explains.
        """
        self.module.double()
        self.their_inputs = self.their_inputs.detach().double().requires_grad_()
        self.their_grad_outputs = self.their_grad_outputs.double()
        actual = {"outputs": self.our_pass(precision)}
        expected = {"outputs": self.their_pass(torch.float32).transpose(0, 1)}
        actual["gradient of the inputs"] = _gradient(self.inputs)
        expected["gradient of the inputs"] = _gradient(self.their_inputs).transpose(0, 1)
        for depth, cell in enumerate(self.cells):
            for ours, theirs in _NAMES.items():
                name = f"gradient of {ours} of layer {depth}"
                actual[name] = _gradient(cell.get_parameter(ours))
                expected[name] = _gradient(self.module.get_parameter(f"{theirs}_l{depth}"))
            if isinstance(cell, GruCell):
                name = f"gradient of recurrent_bias of layer {depth}"
                actual[name] = _gradient(cell.recurrent_bias)
                second_bias = self.module.get_parameter(f"bias_hh_l{depth}")
                expected[name] = _gradient(second_bias)[-cell.hidden_size :]
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
    """Layers of ours beside torch's.

    Attributes:
        cell: Which kind.
        num_layers: How many.
        hidden_size: Width of the input and of every layer.
        batch_size: Rows.
        num_steps: Steps.
    """

    cell: CellKind
    num_layers: int = 2
    hidden_size: int = 650
    batch_size: int = 20
    num_steps: int = 35

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes by name."""
        names = ("num_layers", "hidden_size", "batch_size", "num_steps")
        return {name: getattr(self, name) for name in names}

    def measure(self, effort: Effort, *, notify: Notify) -> CaseResult:
        """Check small layers, then time these in turns with torch's, with both dtypes."""
        started = time.perf_counter()
        notify("checking", 0, 1)
        tune_process()
        torch.manual_seed(0)
        parity = self._parity(self.dtype)
        if self.dtype != torch.float32:
            self._parity(torch.float32)
        pair = LayerPair(self.cell, **self.sizes)
        passes = _passes(pair, self.dtype)
        contenders = {name: timed(step) for name, (step, _) in passes.items()}
        samples = sample_in_turns(contenders, effort, on_pairs=on_pairs(notify))
        return CaseResult(
            case=self.name,
            kind="layers",
            summary=self.summary,
            sizes=self.sizes,
            parity=parity,
            rows=tuple(
                row_of(samples, name, base=OURS, precision=precision)
                for name, (_, precision) in passes.items()
            ),
            num_turns=len(samples.turns),
            num_discarded=samples.num_discarded(),
            elapsed_s=time.perf_counter() - started,
            backends=tuple(backend.name for backend in pair.stack.backends),
        )

    def _parity(self, precision: torch.dtype) -> Parity:
        small = LayerPair(self.cell, num_layers=self.num_layers, **_SMALL)
        return small.parity(precision)


def _passes(
    pair: LayerPair, precision: torch.dtype
) -> dict[str, tuple[Callable[[], object], torch.dtype]]:
    """Return every contender's pass and dtype; torch's at its own matmul setting."""

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


def _time_major(tensor: Tensor) -> Tensor:
    return tensor.detach().transpose(0, 1).contiguous()


def _go_back(outputs: Tensor, grad_outputs: Tensor) -> None:
    outputs.backward(grad_outputs.to(outputs.dtype))  # type: ignore[no-untyped-call]


def _forget_gradients(module: nn.Module, inputs: Tensor) -> None:
    module.zero_grad()
    inputs.grad = None


def _gradient(tensor: Tensor) -> Tensor:
    """Return a gradient that was made; zeros are a gradient that was not."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
