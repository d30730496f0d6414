"""A recurrent layer with the compiled kernels as an autograd function.

The kernels run the loop over time. torch computes the products that do not depend on it, each over
the whole window: the product with the inputs, and the gradients of both matrices and of the inputs.
Under bfloat16 autocast the operands of all products are bfloat16; states and sums are float32.
Tensors in this folder are time-major.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nextword.cells import (
    AnyCell,
    CellState,
    DiagonalCell,
    DiagonalState,
    ElmanCell,
    GruCell,
    LstmCell,
)
from nextword.recurrent.backends import aten, reference, scan
from nextword.recurrent.backends.native.contract import (
    BackwardWindow,
    ForwardWindow,
    KernelGradients,
    RecurrentKernel,
    StepOptions,
)
from nextword.recurrent.backends.native.diagonal import (
    has_kernels,
    run_diagonal_layer,
    supports_state,
)
from nextword.recurrent.backends.native.kernels import ElmanKernel, GruKernel, LstmKernel
from nextword.recurrent.backends.native.weights import PackedWeights, forget, packed_weights
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise, NoiseKind
from nextword.tensors import (
    Embeddings,
    Hidden,
    Lengths,
    kernel_threads,
    kernels_are_installed,
    product_dtype,
)

#: The kernels apply the mask of recurrent dropout; DropConnect only changes the weights. Diagonal
#: cells have neither.
NOISE: frozenset[NoiseKind] = frozenset({"recurrent_dropout", "weight_dropout"})
#: About two microseconds of work per step; the threads synchronize once per step.
_MULTIPLICATIONS_PER_THREAD = 2**16
_KERNEL_DTYPES = (torch.float32, torch.bfloat16)
#: Gradients of the arguments of `_KernelFunction.forward` that are not tensors.
_NOT_TENSORS = (None, None, None, None)


def supports(cell: AnyCell) -> bool:
    """Return whether the kernels are installed and support this cell."""
    if not kernels_are_installed() or not _has_kernel(cell):
        return False
    return has_kernels() if isinstance(cell, DiagonalCell) else True


def is_missed(cell: AnyCell) -> bool:
    """Return whether the kernels would run this cell if they were installed."""
    return not kernels_are_installed() and _is_on_cpu(cell) and _has_kernel(cell)


def _has_kernel(cell: AnyCell) -> bool:
    """Return whether there is a kernel; on a GPU diagonal cells have a faster backend."""
    if isinstance(cell, DiagonalCell):
        return _is_on_cpu(cell)
    return isinstance(cell, LstmCell | GruCell | ElmanCell)


def _is_on_cpu(cell: AnyCell) -> bool:
    return cell.get_parameter("weight_ih").device.type == "cpu"


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    *,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a layer with the kernels; arguments and results as in the reference.

    A layer that was moved to another device or dtype is run by torch.
    """
    if isinstance(cell, DiagonalCell):
        assert isinstance(state, DiagonalState)
        if supports_state(cell, state):
            return run_diagonal_layer(cell, inputs, state=state, lengths=lengths)
        return scan.run_layer(cell, inputs, state=state, lengths=lengths, noise=noise)
    if not _has_kernel_format(cell, inputs, state):
        if aten.supports(cell) and noise.step.mask is None:
            return aten.run_layer(cell, inputs, state=state, lengths=lengths, noise=noise)
        return reference.run_layer(cell, inputs, state=state, lengths=lengths, noise=noise)
    weight_hh = noise.step.matrix(cell.get_parameter("weight_hh"))
    weights = [cell.get_parameter("weight_ih"), weight_hh, cell.get_parameter("bias")]
    if isinstance(cell, GruCell):
        weights.append(cell.recurrent_bias)
    outputs, final = run_kernel(
        _kernel(cell), inputs, state=state, weights=weights, lengths=lengths, mask=noise.step.mask
    )
    return outputs, type(state)(*final)


def _kernel(cell: AnyCell) -> RecurrentKernel:
    if isinstance(cell, ElmanCell):
        return ElmanKernel(cell.nonlinearity)
    return GruKernel() if isinstance(cell, GruCell) else LstmKernel()


def run_kernel(
    kernel: RecurrentKernel,
    inputs: Embeddings,
    *,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    lengths: Lengths | None = None,
    mask: Tensor | None = None,
) -> tuple[Hidden, tuple[Tensor, ...]]:
    """Run a layer with a kernel.

    Args:
        kernel: The kernel.
        inputs: (batch, time, input_size), float32 or bfloat16.
        state: The parts of the initial state, (batch, hidden) each, float32.
        weights: weight_ih, weight_hh and bias, float32; for a GRU also the recurrent bias of the
            candidate.
        lengths: Number of valid steps in each row, (batch); all when None.
        mask: Mask of recurrent dropout, multiplied with the previous hidden state before the
            product at every step, (batch, hidden); None for no dropout.

    Returns:
        Outputs, (batch, time, hidden), bfloat16 under autocast; and the parts of the final state.
    """
    weight_ih, weight_hh, *_ = weights
    precision = product_dtype(weight_hh)
    num_multiplications = weight_hh.numel() * inputs.shape[0]
    num_threads = kernel_threads(num_multiplications, a_thread=_MULTIPLICATIONS_PER_THREAD)
    packed = packed_weights(weight_ih, weight_hh, precision=precision, num_threads=num_threads)
    options = StepOptions(
        lengths=None if lengths is None else lengths.contiguous(),
        mask=None if mask is None else mask.detach().float().contiguous(),
        num_threads=num_threads,
    )
    outputs, *final = _KernelFunction.apply(  # type: ignore[no-untyped-call]
        kernel, packed, options, len(state), inputs, *state, *weights
    )
    return outputs, tuple(final)


class _KernelFunction(torch.autograd.Function):
    """A layer over time; it can be differentiated once."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: RecurrentKernel,
        packed: PackedWeights,
        options: StepOptions,
        parts: int,
        inputs: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        state = [part.detach().contiguous() for part in tensors[:parts]]
        bias, *recurrent_bias = (tensor.detach() for tensor in tensors[parts + 2 :])
        steps = inputs.detach().transpose(0, 1).to(packed.dtype).contiguous()
        with torch.autocast("cpu", enabled=False):
            input_gates = torch.addmm(
                bias.to(packed.dtype), steps.flatten(0, 1), packed.from_input
            ).view(*steps.shape[:2], -1)
        window = ForwardWindow(
            packed=packed.recurrent,
            input_gates=input_gates,
            state=state,
            recurrent_bias=recurrent_bias,
            options=options,
            keep=any(ctx.needs_input_grad),
        )
        outputs, final, kept = kernel.forward(window)
        batch_first = outputs.transpose(0, 1)
        ctx.kernel, ctx.packed, ctx.options, ctx.parts = kernel, packed, options, parts
        ctx.inputs_dtype = inputs.dtype
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(batch_first, steps, tensors[parts + 1], *state, *kept)
        return batch_first, *final

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any, grad_outputs: Tensor | None, *grad_final: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        batch_first, steps, weight_hh, *saved = ctx.saved_tensors
        state, kept = saved[: ctx.parts], saved[ctx.parts :]
        packed: PackedWeights = ctx.packed
        outputs = batch_first.transpose(0, 1)
        if grad_outputs is not None:
            grad_outputs = grad_outputs.transpose(0, 1).to(packed.dtype).contiguous()
        window = BackwardWindow(
            packed=packed.recurrent,
            kept=kept,
            state=state,
            outputs=outputs,
            grad_outputs=grad_outputs,
            # The kernel overwrites the final state's gradient with that of the initial state.
            grad_state=[
                _own(part, like=before) for part, before in zip(grad_final, state, strict=True)
            ],
            options=ctx.options,
        )
        gradients = ctx.kernel.backward(window)
        # An update of the weights follows, which may not increment torch's version counters.
        forget(weight_hh)
        with torch.autocast("cpu", enabled=False):
            before = _hidden_before(outputs, state[0], ctx.options.mask)
            grad_weights = _grad_weights(gradients, steps, before)
            grad_inputs = None
            if ctx.needs_input_grad[len(_NOT_TENSORS)]:
                flat = gradients.gates.flatten(0, 1) @ packed.from_input.t()
                grad_inputs = flat.view(*steps.shape).transpose(0, 1).to(ctx.inputs_dtype)
        num_biases = len(ctx.needs_input_grad) - len(_NOT_TENSORS) - 1 - ctx.parts - 2
        biases = gradients.biases[:num_biases]
        return (*_NOT_TENSORS, grad_inputs, *gradients.state, *grad_weights, *biases)


def _hidden_before(outputs: Tensor, initial_hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Return the vectors that the recurrent matrix multiplied, (time * batch, hidden).

    Beyond a row's length they may be wrong, because the gradients of the gates are 0 there.
    """
    before = torch.cat([initial_hidden[None].to(outputs.dtype), outputs[:-1]])
    if mask is not None:
        before = before * mask.to(outputs.dtype)
    return before.flatten(0, 1)


def _grad_weights(gradients: KernelGradients, steps: Tensor, before: Tensor) -> list[Tensor]:
    """Return the gradients of weight_ih and weight_hh, in float32."""
    grad_ih = gradients.gates.flatten(0, 1).t() @ steps.flatten(0, 1)
    grad_hh = [part.flatten(0, 1).t() @ before for part in gradients.recurrent]
    return [grad_ih.float(), torch.cat(grad_hh).float()]


def _own(gradient: Tensor | None, *, like: Tensor) -> Tensor:
    """Return a copy of a gradient that may be overwritten; zeros if the gradient is None."""
    if gradient is None:
        return torch.zeros_like(like)
    return gradient.clone(memory_format=torch.contiguous_format)


def _has_kernel_format(cell: AnyCell, inputs: Tensor, state: CellState) -> bool:
    """Return whether all tensors are on the CPU and the kernels support their dtypes."""
    float32 = [*cell.parameters(), *state]
    return (
        inputs.dtype in _KERNEL_DTYPES
        and all(tensor.dtype == torch.float32 for tensor in float32)
        and all(tensor.device.type == "cpu" for tensor in (inputs, *float32))
        and product_dtype(float32[0]) in _KERNEL_DTYPES
    )
