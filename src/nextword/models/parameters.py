"""A model's weights as named tensors, out and in."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nextword.base import MismatchError

_NAMES_SHOWN = 4


def parameter_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Give the weights by name, each once even where two layers share it."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@torch.no_grad()
def load_parameter_tensors(model: nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Put weights back by name.

    Args:
        model: Takes the weights.
        tensors: What `parameter_tensors` gave.
        source: Where they come from, for the error message.

    Raises:
        MismatchError: A weight is missing, is too many, or has another shape.
    """
    parameters = dict(model.named_parameters())
    odd = sorted(parameters.keys() ^ tensors.keys())
    if odd:
        raise MismatchError(
            f"{source} does not fit the model: only one side has {', '.join(odd[:_NAMES_SHOWN])}.",
            help="The weights and the configuration come from two models.",
        )
    check_parameter_shapes(parameters, tensors, source=source)
    for name, parameter in parameters.items():
        parameter.copy_(tensors[name])


def check_parameter_shapes(
    parameters: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, source: str
) -> None:
    """Refuse weights that a model could not take; those it has no use for are not looked at.

    Args:
        parameters: The model's, by name; they need not be in memory.
        tensors: The weights, by name.
        source: Where those come from, for the error message.

    Raises:
        MismatchError: A weight is missing or has another shape.
    """
    for name, parameter in parameters.items():
        if name not in tensors:
            raise MismatchError(
                f"{source} does not fit the model: it lacks {name}.",
                help="The weights and the configuration come from two models.",
            )
        if parameter.shape != tensors[name].shape:
            raise MismatchError(
                f"{name} in {source} has shape {tuple(tensors[name].shape)}, the configuration "
                f"asks for {tuple(parameter.shape)}.",
                help="The weights and the configuration come from two models.",
            )
