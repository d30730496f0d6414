"""Transformers models with a limited context size, evaluated with a sliding window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.base import require
from nextword.interop.huggingface.caches import Cache, cache_rows
from nextword.interop.huggingface.model import HuggingFaceLanguageModel, RowGroup, row_groups
from nextword.interop.huggingface.reading import CausalModel, Logits
from nextword.models import State, TokenWindow
from nextword.tensors import Lengths, TokenIds


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """Token ids of several rows, (rows, window), and the cache of the model after them."""

    token_ids: Int64[Tensor, "rows window"]
    cache: Cache

    def find(self, token_ids: Int64[Tensor, "found window"]) -> Cache | None:
        """Return a copy of the cache with a row for each row of ids; None if one is missing."""
        if self.token_ids.shape[1] != token_ids.shape[1]:
            return None
        same = (token_ids[:, None] == self.token_ids).all(dim=2)
        if not bool(same.any(dim=1).all()):
            return None
        return cache_rows(self.cache, same.int().argmax(dim=1))


@dataclass(frozen=True, kw_only=True)
class WindowState(State):
    """The last tokens of each row, and the caches of the model for some of them.

    Only the tokens determine the predictions. Without a matching cache they are read again, so
    `encoded` may be dropped when rows are selected, joined or serialized.

    Attributes:
        encoded: Caches of the current windows.
    """

    encoded: tuple[Encoded, ...] = ()

    def to(self, device: torch.device | str) -> State:
        """Return the state on another device, without the caches."""
        return State.to(replace(self, encoded=()), device)


class WindowedHuggingFaceModel(HuggingFaceLanguageModel):
    """A model with `context_size` positions, evaluated with a sliding window.

    Windows start at multiples of the stride: 0, stride, 2 stride and so on. A token is read in the
    first window that reaches it, so later tokens have a context of at least context_size - stride
    tokens. The window depends only on the position in the row: reading a text at once, in chunks
    or token by token gives the same logits.

    Args:
        causal: The model, on its device.
        boundary_id: Id that is read before the first token of a text.
        context_size: Number of positions.
        stride: Tokens between windows, from 1 to `context_size`; half of it if None.

    Raises:
        ConfigError: The stride is out of range.
    """

    stride: int
    context_size: int

    def __init__(
        self,
        causal: CausalModel,
        *,
        boundary_id: int,
        context_size: int,
        stride: int | None = None,
    ) -> None:
        super().__init__(causal, boundary_id=boundary_id)
        self.context_size = context_size
        self.window = TokenWindow(size=context_size + 1)
        self.stride = max(1, context_size // 2) if stride is None else stride
        require(
            1 <= self.stride <= context_size,
            f"stride is {stride}; this model has {context_size:,} positions, and no token may be "
            "left out.",
            help=f"Choose one from 1 (slow, the longest contexts) to {context_size:,}.",
        )

    def with_stride(self, stride: int) -> "WindowedHuggingFaceModel":
        """Return the model with another stride; the weights are shared.

        Args:
            stride: Tokens between windows, from 1 to `context_size`.

        Raises:
            ConfigError: The stride is out of range.
        """
        return WindowedHuggingFaceModel(
            self.causal,
            boundary_id=self.boundary_id,
            context_size=self.context_size,
            stride=stride,
        )

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing."""
        initial = self.window.initial(device=self.device)
        return WindowState.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def read(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None
    ) -> tuple[Logits, State]:
        """Return the logits after each token, (batch, time, vocab), and the new state."""
        places = self.window.join(token_ids, state)
        available = _encoded(state)
        logits, encoded = self.no_logits(token_ids), []
        for group in row_groups(state.num_tokens, token_ids.shape[1], lengths=lengths):
            read, last = self._read_group(group, places[group.rows], available)
            logits[group.rows, : group.num_steps] = read.to(logits.dtype)
            encoded.append(last)
        after = self.window.after(places, state, lengths=lengths)
        return logits, _with_encoded(after, encoded)

    def _read_group(
        self, group: RowGroup, places: Int64[Tensor, "rows places"], available: Sequence[Encoded]
    ) -> tuple[Logits, Encoded]:
        """Read in windows; `places` has the last `context_size` tokens and the new ones."""
        first_place = group.num_before - self.context_size
        position, end = group.num_before, group.num_before + group.num_steps
        pieces = []
        while position < end:
            start = self._window_start(position)
            window_end = min(end, start + self.context_size)
            window = places[:, start - first_place : window_end - first_place]
            logits, cache = self._read_window(window, position - start, available)
            pieces.append(logits)
            last = Encoded(token_ids=window, cache=cache)
            available, position = (last,), window_end
        return torch.cat(pieces, dim=1), last

    def _window_start(self, position: int) -> int:
        """Return the start of the first window that contains a position."""
        num_beyond = max(0, position + 1 - self.context_size)
        return -(-num_beyond // self.stride) * self.stride

    def _read_window(
        self, window: Int64[Tensor, "rows window"], num_read: int, available: Sequence[Encoded]
    ) -> tuple[Logits, Cache]:
        """Return the logits of a window from index `num_read`, and the cache after it."""
        num_at_once = window.shape[1] - num_read
        before = window[:, :num_read]
        if num_read and self.causal.can_continue(num_at_once=num_at_once, after=before):
            for encoded in available:
                cache = encoded.find(before)
                if cache is not None:
                    return self.causal.read(window[:, num_read:], cache)
        logits, cache = self.causal.read(window)
        return logits[:, num_read:], cache


def _encoded(state: State) -> tuple[Encoded, ...]:
    return state.encoded if isinstance(state, WindowState) else ()


def _with_encoded(state: State, encoded: Sequence[Encoded]) -> State:
    if not isinstance(state, WindowState):
        return state
    return replace(state, encoded=tuple(encoded))
