"""Everything a training needs to go on as if it had never stopped, as tensors and JSON values."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nextword.base import MismatchError, Values

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


def load_optimizer_tensors(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]
) -> None:
    """Put an optimiser's memory back; its settings stay those it was built with."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith(_OPTIMIZER):
            number, _, name = key.removeprefix(_OPTIMIZER).partition(".")
            state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def parameter_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Give a model's weights by name, each once even where two layers share it."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@torch.no_grad()
def load_parameter_tensors(
    model: nn.Module, tensors: Mapping[str, Tensor], *, source: str
) -> None:
    """Put weights back by name.

    Raises:
        MismatchError: A weight is missing, is too many, or has another shape.
    """
    parameters = dict(model.named_parameters())
    if parameters.keys() != tensors.keys():
        odd = sorted(parameters.keys() ^ tensors.keys())
        raise MismatchError(
            f"{source} does not fit the model: {', '.join(odd[:4])} on one side only.",
            help="The weights and the configuration come from two models.",
        )
    for name, parameter in parameters.items():
        if parameter.shape != tensors[name].shape:
            raise MismatchError(
                f"{name} in {source} has shape {tuple(tensors[name].shape)}, the configuration "
                f"asks for {tuple(parameter.shape)}.",
                help="The weights and the configuration come from two models.",
            )
        parameter.copy_(tensors[name])


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
