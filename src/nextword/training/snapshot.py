"""Everything a training needs to go on as if it had never stopped, as tensors and JSON values."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nextword.base import Values

_OPTIMIZER = "optimizer."


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Give an optimiser's memory by parameter number and name."""
    state: Mapping[int, Mapping[str, Any]] = optimizer.state_dict()["state"]
    return {
        f"{_OPTIMIZER}{number}.{name}": torch.as_tensor(value)
        for number, memory in state.items()
        for name, value in memory.items()
        if value is not None
    }


def load_optimizer_tensors(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put an optimiser's memory back; its settings stay those it was built with."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith(_OPTIMIZER):
            number, _, name = key.removeprefix(_OPTIMIZER).partition(".")
            state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def strip_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Give the tensors whose name begins with a prefix, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def environment(num_threads: int) -> Values:
    """Give what must be equal for a resume to be bit-exact."""
    return {"torch": torch.__version__, "num_threads": num_threads}
