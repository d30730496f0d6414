"""Saving and loading a model's weights as named tensors."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nextword.base import MismatchError

_NAMES_SHOWN = 4


def parameter_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights by name; a weight that two layers share is returned once."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


@torch.no_grad()
def load_parameter_tensors(model: nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Copy saved weights into a model.

    Args:
        model: The model.
        tensors: The result of `parameter_tensors`.
        source: Where the tensors come from, for error messages.

    Raises:
        MismatchError: A weight is missing, is unexpected, or has another shape.
    """
    parameters = dict(model.named_parameters())
    odd = sorted(parameters.keys() ^ tensors.keys())
    if odd:
        raise MismatchError(
            f"{source} does not fit the model; missing or unexpected: "
            f"{', '.join(odd[:_NAMES_SHOWN])}.",
            help="The weights and the configuration come from two models.",
        )
    check_parameter_shapes(parameters, tensors, source=source)
    for name, parameter in parameters.items():
        parameter.copy_(tensors[name])


def check_parameter_shapes(
    parameters: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, source: str
) -> None:
    """Raise an error if a parameter has no weight of its shape; other weights are ignored.

    Args:
        parameters: The model's parameters by name; they may be on the meta device.
        tensors: The weights by name.
        source: Where the weights come from, for error messages.

    Raises:
        MismatchError: A weight is missing or has another shape.
    """
    for name, parameter in parameters.items():
        if name not in tensors:
            raise MismatchError(
                f"{source} does not fit the model: {name} is missing.",
                help="The weights and the configuration come from two models.",
            )
        if parameter.shape != tensors[name].shape:
            raise MismatchError(
                f"{name} in {source} has shape {tuple(tensors[name].shape)}, the configuration "
                f"asks for {tuple(parameter.shape)}.",
                help="The weights and the configuration come from two models.",
            )
