"""Models that contain other models.

The state of such a model has the tensors of each inner model under the name of that model.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from nextword.base import Values
from nextword.models.contract import LanguageModel
from nextword.models.state import State


class WrappingModel(LanguageModel, nn.Module):
    """Base class of a model that changes what one other model predicts, and has no own weights.

    Args:
        model: The inner model.
    """

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model
        self.family = model.family
        self.vocab_size = model.vocab_size
        self.boundary_id = model.boundary_id
        self.never_ids = model.never_ids
        self.builds_distributions = model.builds_distributions

    @property
    def device(self) -> torch.device:
        """The device of the inner model."""
        return self.model.device

    @property
    def num_parameters(self) -> int:
        """Number of trained parameters of the inner model."""
        return self.model.num_parameters

    @property
    def details(self) -> Values:
        """The details of the inner model."""
        return self.model.details

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the inner model."""
        return self.model.tensors()


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
