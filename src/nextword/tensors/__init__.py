"""Devices, random states, dtypes, process tuning, and the axes of tensors."""

from nextword.tensors.devices import resolve_device
from nextword.tensors.kernels import kernel_threads, kernels_are_installed, load_kernels
from nextword.tensors.precision import (
    PRECISIONS,
    autocast,
    dtype_name,
    exact_copy,
    has_fast_bfloat16,
    has_onednn_bfloat16,
    product_dtype,
    resolve_precision,
)
from nextword.tensors.random import (
    TorchRandomState,
    random_states,
    seed_everything,
    set_random_states,
    set_torch_random_state,
    torch_random_state,
)
from nextword.tensors.shapes import (
    Embeddings,
    Hidden,
    Lengths,
    LogProbs,
    Mask,
    Nll,
    Rows,
    TokenIds,
)
from nextword.tensors.transposed import transposed
from nextword.tensors.tuning import ProcessTuning, tune_process

__all__ = [
    "PRECISIONS",
    "Embeddings",
    "Hidden",
    "Lengths",
    "LogProbs",
    "Mask",
    "Nll",
    "ProcessTuning",
    "Rows",
    "TokenIds",
    "TorchRandomState",
    "autocast",
    "dtype_name",
    "exact_copy",
    "has_fast_bfloat16",
    "has_onednn_bfloat16",
    "kernel_threads",
    "kernels_are_installed",
    "load_kernels",
    "product_dtype",
    "random_states",
    "resolve_device",
    "resolve_precision",
    "seed_everything",
    "set_random_states",
    "set_torch_random_state",
    "torch_random_state",
    "transposed",
    "tune_process",
]
