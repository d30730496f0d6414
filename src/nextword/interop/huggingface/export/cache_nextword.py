"""The state of a recurrent language model as a cache of transformers.

nextword writes a copy of this file beside the weights.
"""

import inspect
from typing import Any

import torch
from torch import Tensor
from transformers import cache_utils
from transformers.cache_utils import Cache


class StateLayer:
    """What is used of transformers' recurrent cache layer, for versions in which it differs.

    Args:
        number_of_states: Number of tensors in the state.
    """

    is_sliding = False
    supports_early_init = False

    def __init__(self, number_of_states: int = 1) -> None:
        self.recurrent_states: dict[int, Any] = dict.fromkeys(range(number_of_states))
        self.has_previous_state = dict.fromkeys(range(number_of_states), False)

    def update_recurrent_state(self, recurrent_states: Tensor, state_idx: int = 0) -> Tensor:
        """Store a tensor of the state."""
        self.recurrent_states[state_idx] = recurrent_states.clone()
        return recurrent_states

    def get_max_cache_shape(self) -> int:
        """Return -1: a state has no time axis."""
        return -1


def _base_layer() -> Any:
    """Return transformers' own recurrent cache layer if it can have several tensors."""
    found = getattr(cache_utils, "LinearAttentionLayer", StateLayer)
    has_several = "number_of_states" in inspect.signature(found.__init__).parameters
    return found if has_several else StateLayer


class NextwordCacheLayer(_base_layer()):  # type: ignore[misc]
    """State of one layer: h, and for an LSTM c, each (batch, size)."""

    is_compileable = False

    @property
    def is_initialized(self) -> bool:
        """Whether a token has been read."""
        return all(self.has_previous_state.values())

    def read(self) -> tuple[Tensor, ...] | None:
        """Return a copy of the state; None before the first token."""
        if not self.is_initialized:
            return None
        return tuple(state.clone() for state in self.recurrent_states.values())

    def write(self, state: tuple[Tensor, ...]) -> None:
        """Replace the state."""
        for number, part in enumerate(state):
            stored = self.recurrent_states[number]
            if stored is not None and stored.shape != part.shape:
                self.recurrent_states[number] = torch.empty_like(part)
            self.update_recurrent_state(part.detach(), number)
            self.has_previous_state[number] = True

    def reset(self) -> None:
        """Forget all tokens."""
        for number in self.has_previous_state:
            self.has_previous_state[number] = False

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Keep the given rows, in the given order."""
        if self.is_initialized:
            for number, state in self.recurrent_states.items():
                self.recurrent_states[number] = state.index_select(0, beam_idx.to(state.device))

    batch_select_indices = reorder_cache

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each row."""
        if self.is_initialized:
            for number, state in self.recurrent_states.items():
                self.recurrent_states[number] = state.repeat_interleave(repeats, dim=0)

    def crop(self, tokens_to_remove: int) -> None:
        """Refuse to remove tokens: a recurrent state cannot be reversed."""
        if tokens_to_remove:
            raise RuntimeError("a recurrent state cannot be cropped to fewer tokens")


class NextwordCache(Cache):
    """State of all layers, in transformers' own recurrent cache layers where it has them.

    Args:
        num_layers: Number of layers.
        num_states: Number of tensors in the state of a layer: 2 for LSTM, else 1.
    """

    def __init__(self, num_layers: int, num_states: int) -> None:
        super().__init__(layers=[NextwordCacheLayer(num_states) for _ in range(num_layers)])
        self.num_tokens_read = 0

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the number of positions read, with padding."""
        return self.num_tokens_read

    def reset(self) -> None:
        """Forget all tokens."""
        super().reset()
        self.num_tokens_read = 0
