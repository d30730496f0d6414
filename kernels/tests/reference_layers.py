"""Layers in float64, step by step under autograd: what the kernels are compared with.

The recurrent matrix, the input gates and all results are those of the kernels' own signatures.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

Named = dict[str, Tensor]
NUM_GATES = {"lstm": 4, "gru": 3, "tanh": 1, "sigmoid": 1, "relu": 1}
KINDS = tuple(NUM_GATES)


@dataclass(frozen=True, kw_only=True)
class LayerCase:
    """A layer's operands, all float32, time-major; absent parts are None."""

    kind: str
    weights: Tensor
    input_gates: Tensor
    initial_hidden: Tensor
    grad_outputs: Tensor
    grad_final_hidden: Tensor
    initial_cell: Tensor | None = None
    grad_final_cell: Tensor | None = None
    recurrent_bias: Tensor | None = None
    lengths: Tensor | None = None
    mask: Tensor | None = None
    rounds_to_bfloat16: bool = False

    def rounded(self) -> "LayerCase":
        """The case whose reference rounds what bfloat16 kernels round before their products.

        For ReLU, whose slope jumps: a unit that rounding carries over 0 is no error of a kernel.
        """
        return replace(
            self,
            weights=self.weights.bfloat16().float(),
            input_gates=self.input_gates.bfloat16().float(),
            rounds_to_bfloat16=True,
        )

    def double(self) -> "LayerCase":
        """The same in float64."""
        doubled = {
            field.name: value.double()
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), Tensor) and value.is_floating_point()
        }
        return replace(self, **doubled)


def made_up_case(
    kind: str,
    *,
    hidden_size: int,
    batch_size: int,
    num_steps: int,
    with_lengths: bool = False,
    with_mask: bool = False,
    seed: int = 0,
) -> LayerCase:
    """Draw a case: gates neither saturated nor linear, states and gradients of size 1."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    num_gates = NUM_GATES[kind]
    state_shape = (batch_size, hidden_size)
    lengths = torch.randint(0, num_steps + 1, (batch_size,), generator=generator)
    mask = torch.rand(*state_shape, generator=generator) < 0.7
    is_lstm = kind == "lstm"
    return LayerCase(
        kind=kind,
        weights=normal(num_gates * hidden_size, hidden_size) * hidden_size**-0.5 * 0.7,
        input_gates=normal(num_steps, batch_size, num_gates * hidden_size),
        initial_hidden=normal(*state_shape),
        grad_outputs=normal(num_steps, batch_size, hidden_size),
        grad_final_hidden=normal(*state_shape),
        initial_cell=normal(*state_shape) if is_lstm else None,
        grad_final_cell=normal(*state_shape) if is_lstm else None,
        recurrent_bias=normal(hidden_size) if kind == "gru" else None,
        lengths=lengths if with_lengths else None,
        mask=mask.float() / 0.7 if with_mask else None,
    )


def run_reference(case: LayerCase) -> Named:
    """Give outputs, final state and every gradient, in float64."""
    case = case.double()
    leaves = {
        name: getattr(case, name).detach().requires_grad_()
        for name in ("weights", "input_gates", "initial_hidden", "initial_cell", "recurrent_bias")
        if getattr(case, name) is not None
    }
    outputs, final = _unroll(replace(case, **leaves))
    results: Named = {"outputs": outputs, "final_hidden": final[0]}
    pairs = [(outputs, case.grad_outputs), (final[0], case.grad_final_hidden)]
    if case.kind == "lstm":
        results["final_cell"] = final[1]
        assert case.grad_final_cell is not None
        pairs.append((final[1], case.grad_final_cell))
    # Without a step the outputs are empty and come from nothing.
    pairs = [(result, gradient) for result, gradient in pairs if result.requires_grad]
    gradients = torch.autograd.grad(
        [result for result, _ in pairs],
        list(leaves.values()),
        [gradient for _, gradient in pairs],
        allow_unused=True,
        materialize_grads=True,
    )
    results |= {f"grad_{name}": part for name, part in zip(leaves, gradients, strict=True)}
    results["grad_bias"] = results["grad_input_gates"].sum((0, 1))
    return {name: result.detach() for name, result in results.items()}


def _unroll(case: LayerCase) -> tuple[Tensor, tuple[Tensor, ...]]:
    step = _STEPS[case.kind]
    hidden = case.initial_hidden
    state = (hidden,) if case.initial_cell is None else (hidden, case.initial_cell)
    outputs = [torch.zeros_like(case.grad_outputs[:0])]
    for time, gates in enumerate(case.input_gates):
        shown = state[0] if case.mask is None else state[0] * case.mask
        if case.rounds_to_bfloat16:
            shown = shown + (shown.float().bfloat16().double() - shown).detach()
        new = step(case, gates, shown, state)
        if case.lengths is not None:
            active = (time < case.lengths)[:, None]
            outputs.append((new[0] * active)[None])
            new = tuple(torch.where(active, a, b) for a, b in zip(new, state, strict=True))
        else:
            outputs.append(new[0][None])
        state = new
    return torch.cat(outputs), state


def _lstm(
    case: LayerCase, gates: Tensor, shown: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    i, f, g, o = (gates + shown @ case.weights.T).chunk(4, dim=1)
    cell = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell


def _gru(
    case: LayerCase, gates: Tensor, shown: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    input_r, input_z, input_n = gates.chunk(3, dim=1)
    r, z, n = (shown @ case.weights.T).chunk(3, dim=1)
    if case.recurrent_bias is not None:
        n = n + case.recurrent_bias
    update = torch.sigmoid(input_z + z)
    new = torch.tanh(input_n + torch.sigmoid(input_r + r) * n)
    return ((1 - update) * new + update * state[0],)


def _elman(function: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    def step(
        case: LayerCase, gates: Tensor, shown: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        return (function(gates + shown @ case.weights.T),)

    return step


_STEPS: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "lstm": _lstm,
    "gru": _gru,
    "tanh": _elman(torch.tanh),
    "sigmoid": _elman(torch.sigmoid),
    "relu": _elman(torch.relu),
}
