"""Calls to the kernels with arguments that are wrong, strange or just unusual."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

import nextword_kernels as kernels

Arguments = dict[str, Any]

#: What a wrong call may end in.
REFUSALS = (TypeError, ValueError, IndexError, MemoryError, OverflowError, BufferError)


def made_up_call(random_source: random.Random) -> tuple[Callable[..., None], Arguments]:
    """Draw a function and good arguments for it."""
    steps, rows = random_source.randint(0, 4), random_source.randint(0, 5)
    size, threads = random_source.randint(1, 20), random_source.randint(1, 3)
    dtype = random_source.choice([torch.float32, torch.bfloat16])
    name = random_source.choice(sorted(_MAKERS))
    arguments = _MAKERS[name](steps, rows, size, dtype)
    function = _WRAPPED[name] if name in _WRAPPED else getattr(kernels, name)
    return function, {**arguments, "num_threads": threads}


def _gates(steps: int, rows: int, size: int, dtype: torch.dtype) -> Tensor:
    """Activated gates as they are kept: beside bfloat16 as 16-bit fractions."""
    if dtype == torch.float32:
        return torch.rand(steps, rows, size)
    return torch.randint(-32767, 32768, (steps, rows, size), dtype=torch.int16)


def _packed(gates: int, size: int, dtype: torch.dtype) -> kernels.PackedMatrix:
    precision = str(dtype).removeprefix("torch.")
    return kernels.pack(torch.randn(gates * size, size), precision=precision, num_threads=1)


def _options(rows: int, size: int) -> Arguments:
    return {
        "lengths": random.choice([None, torch.randint(-1, 6, (rows,))]),
        "mask": random.choice([None, torch.rand(rows, size)]),
    }


def _lstm_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(4, size, dtype),
        "input_gates": torch.randn(steps, rows, 4 * size).to(dtype),
        "initial_hidden": torch.randn(rows, size),
        "initial_cell": torch.randn(rows, size),
        "gates": random.choice([None, _gates(steps, rows, 4 * size, dtype)]),
        "cells": random.choice([None, torch.zeros(steps, rows, size)]),
        "outputs": torch.zeros(steps, rows, size, dtype=dtype),
        "final_hidden": torch.zeros(rows, size),
        "final_cell": torch.zeros(rows, size),
        **_options(rows, size),
    }


def _lstm_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(4, size, dtype),
        "gates": _gates(steps, rows, 4 * size, dtype),
        "cells": torch.randn(steps, rows, size),
        "initial_cell": torch.randn(rows, size),
        "grad_outputs": random.choice([None, torch.randn(steps, rows, size).to(dtype)]),
        "grad_gates": torch.zeros(steps, rows, 4 * size, dtype=dtype),
        "grad_hidden": torch.randn(rows, size),
        "grad_cell": torch.randn(rows, size),
        "grad_bias": torch.zeros(4 * size),
        **_options(rows, size),
    }


def _gru_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(3, size, dtype),
        "input_gates": torch.randn(steps, rows, 3 * size).to(dtype),
        "initial_hidden": torch.randn(rows, size),
        "recurrent_bias": random.choice([None, torch.randn(size)]),
        "gates": random.choice([None, _gates(steps, rows, 3 * size, dtype)]),
        "candidates": random.choice([None, torch.zeros(steps, rows, size)]),
        "outputs": torch.zeros(steps, rows, size, dtype=dtype),
        "final_hidden": torch.zeros(rows, size),
        **_options(rows, size),
    }


def _gru_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(3, size, dtype),
        "gates": _gates(steps, rows, 3 * size, dtype),
        "candidates": torch.randn(steps, rows, size),
        "outputs": torch.randn(steps, rows, size).to(dtype),
        "initial_hidden": torch.randn(rows, size),
        "grad_outputs": random.choice([None, torch.randn(steps, rows, size).to(dtype)]),
        "grad_gates": torch.zeros(steps, rows, 3 * size, dtype=dtype),
        "grad_candidates": torch.zeros(steps, rows, size, dtype=dtype),
        "grad_hidden": torch.randn(rows, size),
        "grad_bias": torch.zeros(3 * size),
        "grad_recurrent_bias": torch.zeros(size),
        **_options(rows, size),
    }


def _elman_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(1, size, dtype),
        "input_gates": torch.randn(steps, rows, size).to(dtype),
        "initial_hidden": torch.randn(rows, size),
        "nonlinearity": random.choice(["tanh", "sigmoid", "relu"]),
        "gates": random.choice([None, torch.zeros(steps, rows, size)]),
        "outputs": torch.zeros(steps, rows, size, dtype=dtype),
        "final_hidden": torch.zeros(rows, size),
        **_options(rows, size),
    }


def _elman_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "weights": _packed(1, size, dtype),
        "gates": torch.rand(steps, rows, size),
        "nonlinearity": random.choice(["tanh", "sigmoid", "relu"]),
        "grad_outputs": random.choice([None, torch.randn(steps, rows, size).to(dtype)]),
        "grad_gates": torch.zeros(steps, rows, size, dtype=dtype),
        "grad_hidden": torch.randn(rows, size),
        "grad_bias": torch.zeros(size),
        **_options(rows, size),
    }


def _diagonal(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    cell = random.choice(["min_gru", "min_lstm"])
    return {
        "gates": torch.randn(rows, steps, (2 if cell == "min_gru" else 3) * size).to(dtype),
        "cell": cell,
        "initial_hidden": torch.randn(rows, size),
        "lengths": random.choice([None, torch.randint(-1, 6, (rows,))]),
    }


def _diagonal_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        **_diagonal(steps, rows, size, dtype),
        "outputs": torch.zeros(rows, steps, size, dtype=dtype),
        "final_hidden": torch.zeros(rows, size),
    }


def _diagonal_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    arguments = _diagonal(steps, rows, size, dtype)
    return {
        **arguments,
        "outputs": torch.randn(rows, steps, size).to(dtype),
        "grad_outputs": random.choice([None, torch.randn(rows, steps, size).to(dtype)]),
        "grad_gates": torch.zeros_like(arguments["gates"]),
        "grad_hidden": torch.randn(rows, size),
    }


def _recurrence_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    real = torch.float64 if dtype == torch.bfloat16 else dtype
    return {
        "decays": torch.rand(steps, size, dtype=real),
        "updates": torch.randn(steps, size, dtype=real),
        "initial": torch.randn(size, dtype=real),
        "states": torch.zeros(steps, size, dtype=real),
    }


def _recurrence_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    real = torch.float64 if dtype == torch.bfloat16 else dtype
    names = ("decays", "states", "grad_states", "grad_decays", "grad_updates")
    arrays = {name: torch.rand(steps, size, dtype=real) for name in names}
    edges = ("initial", "grad_initial")
    return arrays | {name: torch.randn(size, dtype=real) for name in edges}


def _cross_entropy_forward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "logits": torch.randn(rows, size).to(dtype),
        "target_ids": torch.randint(size, (rows,)),
        "bias": random.choice([None, torch.randn(size)]),
        "nll": torch.zeros(rows),
        "log_sums": random.choice([None, torch.zeros(rows)]),
    }


def _cross_entropy_backward(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "logits": torch.randn(rows, size).to(dtype),
        "target_ids": torch.randint(size, (rows,)),
        "bias": random.choice([None, torch.randn(size)]),
        "log_sums": torch.randn(rows),
        "row_gradients": torch.rand(rows),
        "grad_bias": random.choice([None, torch.zeros(size)]),
    }


def _dropout(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {
        "inputs": random.choice([None, torch.randn(rows, size).to(dtype)]),
        "outputs": torch.zeros(rows, size, dtype=dtype),
        "probability": random.random(),
        "seed": random.getrandbits(64),
        "offset": random.getrandbits(40),
    }


def _transpose(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    return {"matrix": torch.randn(rows, size), "out": torch.zeros(size, rows, dtype=dtype)}


def _network(size: int, dtype: torch.dtype) -> kernels.RecurrentNetwork:
    cell = random.choice(["lstm", "gru"])
    gates = 4 if cell == "lstm" else 3

    def rows(count: int) -> kernels.PackedRows:
        if random.random() < 0.3:
            codes = torch.randint(-127, 128, (count, size), dtype=torch.int8)
            return kernels.pack_codes(codes, scales=torch.rand(count) * 0.01)
        precision = str(dtype).removeprefix("torch.")
        return kernels.pack_rows(torch.randn(count, size), precision=precision)

    # Five tokens; with an adaptive softmax two of them and a tail of three.
    has_tail = random.random() < 0.3
    while True:
        try:
            return kernels.RecurrentNetwork(
                cell,
                layers=[(rows(gates * size), rows(gates * size), None)],
                tokens=torch.randn(5, size),
                holds_gates=False,
                output=rows(3 if has_tail else 5),
                tails=[(random.choice([None, rows(size)]), rows(3))] if has_tail else [],
            )
        except ValueError:
            continue  # matrices of different precisions


def _states(network: kernels.RecurrentNetwork, rows: int, size: int) -> Arguments:
    # A GRU has no cell state.
    cell = torch.randn(rows, size) if network.cell == "lstm" else None
    return {"network": network, "hidden": torch.randn(rows, size), "cell": cell}


def _state_list(network: Any, hidden: Any, cell: Any) -> list[Any]:
    # A GRU has no cell state. Its argument is then unused.
    is_lstm = not isinstance(network, kernels.RecurrentNetwork) or network.cell == "lstm"
    return [hidden, cell] if is_lstm else [hidden]


def read_network(network: Any, hidden: Any, cell: Any, **arguments: Any) -> None:
    """Call `RecurrentNetwork.read` with its states as arguments of their own."""
    states = _state_list(network, hidden, cell)
    kernels.RecurrentNetwork.read(network, states=states, **arguments)


def generate_with_network(network: Any, hidden: Any, cell: Any, **arguments: Any) -> None:
    """Call `RecurrentNetwork.generate` likewise."""
    states = _state_list(network, hidden, cell)
    kernels.RecurrentNetwork.generate(network, states=states, **arguments)


def _read_network(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    has_slots = random.random() < 0.5
    return {
        **_states(_network(size, dtype), rows + 3 * has_slots, size),
        "token_ids": torch.randint(5, (steps, rows)),
        "slots": torch.randperm(rows + 3)[:rows].clone() if has_slots else None,
        "log_probs": random.choice([None, torch.zeros(steps, rows, 5)]),
    }


def _generate(steps: int, rows: int, size: int, dtype: torch.dtype) -> Arguments:
    has_slots = random.random() < 0.5
    sampler = kernels.Sampler(
        vocab_size=5,
        temperature=random.choice([0.0, 1e-40, 1.0, 2.0, 1e6]),
        top_k=random.choice([0, 1, 3, 99]),
        top_p=random.choice([1.0, 0.5, 1e-9]),
        min_p=random.choice([0.0, 0.1, 1.0]),
        typical_p=random.choice([1.0, 1.0, 0.5, 1e-9]),
        repetition_penalty=random.choice([1.0, 1.0, 0.5, 1e6]),
        banned_ids=random.choice([None, torch.tensor([2]), torch.arange(5)]),
    )
    return {
        **_states(_network(size, dtype), rows + 3 * has_slots, size),
        "token_ids": torch.randint(5, (rows,)),
        "slots": torch.randperm(rows + 3)[:rows].clone() if has_slots else None,
        "samplers": [sampler],
        "uniforms": torch.rand(rows, steps, dtype=torch.float64),
        "seen": random.choice([None, torch.zeros(rows, 5, dtype=torch.uint8)]),
        "drawn_ids": torch.zeros(rows, steps, dtype=torch.int64),
        "drawn_log_probs": torch.zeros(rows, steps),
        "log_probs": random.choice([None, torch.zeros(steps, rows, 5)]),
    }


#: Calls of methods.
_WRAPPED: dict[str, Callable[..., None]] = {
    "read_network": read_network,
    "generate_with_network": generate_with_network,
}

_MAKERS: dict[str, Callable[[int, int, int, torch.dtype], Arguments]] = {
    "lstm_forward": _lstm_forward,
    "lstm_backward": _lstm_backward,
    "gru_forward": _gru_forward,
    "gru_backward": _gru_backward,
    "elman_forward": _elman_forward,
    "elman_backward": _elman_backward,
    "diagonal_forward": _diagonal_forward,
    "diagonal_backward": _diagonal_backward,
    "recurrence_forward": _recurrence_forward,
    "recurrence_backward": _recurrence_backward,
    "cross_entropy_forward": _cross_entropy_forward,
    "cross_entropy_backward": _cross_entropy_backward,
    "dropout": _dropout,
    "transpose": _transpose,
    "read_network": _read_network,
    "generate_with_network": _generate,
}


def _misaligned(tensor: Tensor) -> Any:
    if tensor.dtype == torch.bfloat16:
        return tensor
    array = tensor.numpy()
    raw = np.zeros(array.nbytes + 1, dtype=np.uint8)
    shifted = raw[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    return shifted


def _read_only(tensor: Tensor) -> Any:
    if tensor.dtype == torch.bfloat16:
        return tensor
    array = tensor.numpy()
    array.flags.writeable = False
    return array


def _another_length(tensor: Tensor) -> Tensor:
    axis = random.randrange(tensor.ndim)
    return tensor.repeat_interleave(2, dim=axis)[tuple(slice(None) for _ in tensor.shape)]


#: A tensor that was bent into a larger one is not bent again: as a list it would take for ever.
_MOST_NUMBERS = 2**20
#: Ways to bend a tensor; some leave it good.
_BENDS: list[Callable[[Tensor], Any]] = [
    lambda tensor: tensor.double(),
    lambda tensor: tensor.int(),
    lambda tensor: tensor.bool(),
    lambda tensor: tensor.to(torch.complex64),
    lambda tensor: tensor.bfloat16(),
    lambda tensor: tensor.float(),
    lambda tensor: tensor[None],
    lambda tensor: tensor.flatten(),
    lambda tensor: tensor.sum(),
    lambda tensor: tensor.transpose(0, -1),
    lambda tensor: tensor[..., ::2],
    lambda tensor: torch.stack([tensor, tensor], dim=-1)[..., 0],
    lambda tensor: tensor[:0],
    lambda tensor: tensor[..., :0],
    lambda tensor: tensor.new_empty(0, 2**40),
    lambda tensor: tensor.new_zeros(1).expand(2**20, 2**20),
    lambda tensor: tensor.new_zeros(1).expand(*tensor.shape),
    lambda tensor: tensor.tolist(),
    lambda tensor: tensor.to("meta"),
    lambda tensor: tensor.float().requires_grad_(),
    lambda tensor: tensor.to_sparse(),
    lambda tensor: -tensor if tensor.dtype == torch.int64 else tensor * 1e38,
    lambda tensor: tensor + 2**40 if tensor.dtype == torch.int64 else tensor * torch.nan,
    _another_length,
    _misaligned,
    _read_only,
]

#: Values that stand for any argument.
_VALUES = [
    None,
    0,
    -1,
    1,
    2,
    256,
    257,
    2**31,
    2**70,
    0.5,
    -0.1,
    1.5,
    float("nan"),
    "",
    "tanh",
    b"x",
]


def bend(arguments: Arguments) -> None:
    """Bend one argument, or let two share their memory."""
    name = random.choice(list(arguments))
    value = arguments[name]
    kind = random.random()
    tensors = [other for other, held in arguments.items() if isinstance(held, Tensor)]
    if kind < 0.15 and tensors:
        arguments[name] = arguments[random.choice(tensors)]
    elif kind < 0.25:
        arguments[name] = random.choice(_VALUES)
    elif isinstance(value, Tensor) and value.ndim > 0 and value.numel() <= _MOST_NUMBERS:
        arguments[name] = random.choice(_BENDS)(value)


def separate_copy(arguments: Arguments) -> Arguments:
    """Copy all arrays, those that were one array into one array."""
    copies: dict[int, Any] = {}
    for value in arguments.values():
        if isinstance(value, Tensor):
            copies.setdefault(id(value), value.clone())
        elif isinstance(value, np.ndarray):
            copies.setdefault(id(value), torch.tensor(value))
    return {name: copies.get(id(value), value) for name, value in arguments.items()}
