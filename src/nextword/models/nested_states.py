"""The state of a model that contains other models: the tensors of each, under its name."""

from collections.abc import Callable, Mapping

from torch import Tensor

from nextword.models.state import State


def nested(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of one inner state under their names in the outer state.

    Args:
        name: Name of the inner model.
        tensors: Its tensors by name.

    Example:
        >>> import torch
        >>> nested("0", {"context": torch.zeros(1, 2)}).keys()
        dict_keys(['0.context'])
    """
    return {f"{name}.{key}": tensor for key, tensor in tensors.items()}


def inner_state(state: State, name: str, *, fingerprint: Callable[[], str]) -> State:
    """Return the state of one inner model.

    Args:
        state: The outer state.
        name: Name of the inner model.
        fingerprint: Returns the fingerprint of the inner model.
    """
    return State(
        tensors=inner_tensors(state.tensors, name),
        initial=inner_tensors(state.initial, name),
        num_tokens=state.num_tokens,
        fingerprint=fingerprint,
    )


def inner_tensors(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors that `nested` put under a name, by their own names."""
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }
