"""Ordinary dropout through the compiled kernels.

The mask is a function of a seed and of a value's position in memory, so it is not stored: the
backward pass draws it again. Results have the same memory layout as their inputs, time first or
batch first.
"""

from typing import Any

import torch
from torch import Tensor

from nextword.tensors import kernel_threads, kernels_are_installed, load_kernels

#: Some tens of microseconds of work; fewer values are not worth another thread.
_VALUES_PER_THREAD = 2**15


def supports(values: Tensor) -> bool:
    """Return whether the kernels are installed and support the device and dtype."""
    return (
        values.device.type == "cpu"
        and values.dtype in (torch.float32, torch.bfloat16)
        and kernels_are_installed()
    )


def drop(values: Tensor, *, probability: float) -> Tensor:
    """Zero entries independently, and scale the others by 1 / (1 - probability).

    Args:
        values: Of any shape, float32 or bfloat16, on a CPU.
        probability: Share that is zeroed, in [0, 1).
    """
    strides = values.stride()
    axes = tuple(sorted(range(values.ndim), key=lambda axis: -strides[axis]))
    seed = int(torch.randint(2**63 - 1, ()))
    return _KernelDropout.apply(values, axes, probability, seed)  # type: ignore[no-any-return,no-untyped-call]


class _KernelDropout(torch.autograd.Function):
    """values * mask; the gradient is multiplied with the same mask."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, axes: tuple[int, ...], probability: float, seed: int
    ) -> Tensor:
        ctx.arguments = axes, probability, seed
        dense = values.detach().permute(axes).contiguous()
        dropped = torch.empty_like(dense)
        load_kernels().dropout(
            dense,
            outputs=dropped,
            probability=probability,
            seed=seed,
            offset=0,
            num_threads=kernel_threads(dense.numel(), a_thread=_VALUES_PER_THREAD),
        )
        places = sorted(range(values.ndim), key=axes.__getitem__)
        return dropped.permute(places)

    @staticmethod
    def backward(ctx: Any, grad_dropped: Tensor) -> tuple[Tensor, None, None, None]:
        gradient = _KernelDropout.apply(grad_dropped, *ctx.arguments)  # type: ignore[no-untyped-call]
        return gradient, None, None, None
