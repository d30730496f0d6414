"""The dtype of the forward and backward pass."""

import copy
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor, nn

from nextword.base import ConfigError

Module = TypeVar("Module", bound=nn.Module)

PRECISIONS = ("auto", "float32", "bfloat16")


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Choose the dtype of activations; weights are always float32.

    `auto` chooses bfloat16 where the hardware has instructions for it and it was measured to be
    faster: on a CPU with AVX512-BF16 or AMX, and on a GPU that supports it; otherwise float32.

    Args:
        name: `auto`, `float32` or `bfloat16`.
        device: The device of the model.

    Raises:
        ConfigError: The name is none of these.
    """
    if name not in PRECISIONS:
        raise ConfigError(
            f"training.precision is {name!r}.", help=f"Use one of {', '.join(PRECISIONS)}."
        )
    if name == "float32":
        return torch.float32
    if name == "bfloat16" or has_fast_bfloat16(device):
        return torch.bfloat16
    return torch.float32


def dtype_name(precision: torch.dtype) -> str:
    """Return the name of a dtype.

    Example:
        >>> dtype_name(torch.bfloat16)
        'bfloat16'
    """
    return str(precision).removeprefix("torch.")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether a device has instructions for bfloat16 products."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def has_onednn_bfloat16() -> bool:
    """Return whether oneDNN has bfloat16 products on this CPU; on x86 they need AVX-512."""
    is_available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(is_available and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def product_dtype(operand: Tensor) -> torch.dtype:
    """Return the dtype that the operands of a matrix product are cast to here.

    This is autocast's dtype where it is enabled on the operand's device. Without autocast, and for
    float64, which autocast leaves alone, it is the operand's own.

    Example:
        >>> with torch.autocast("cpu", dtype=torch.bfloat16):
        ...     product_dtype(torch.zeros(1)), product_dtype(torch.zeros(1, dtype=torch.float64))
        (torch.bfloat16, torch.float64)
    """
    device = operand.device.type
    if torch.is_autocast_enabled(device) and operand.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return operand.dtype


def autocast(precision: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Return the autocast context of a training step with this dtype; none for float32."""
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)


def exact_copy(module: Module) -> Module:
    """Return a copy of a module in float64 and in evaluation mode.

    A module that is in float64 already, or on a device without float64 (MPS), is not copied.

    Args:
        module: A module with parameters.

    Example:
        >>> exact_copy(nn.Linear(1, 1)).weight.dtype
        torch.float64
    """
    parameter = next(module.parameters())
    if parameter.dtype == torch.float64 or parameter.device.type == "mps":
        return module.eval()
    return copy.deepcopy(module).double().eval()
