"""Transformers models with a recurrent state, such as Mamba and RWKV."""

import torch
from torch import Tensor

from nextword.interop.huggingface.caches import Cache, cache_tensors, rebuilt
from nextword.interop.huggingface.model import HuggingFaceLanguageModel, RowGroup, row_groups
from nextword.interop.huggingface.reading import CausalModel, Logits
from nextword.models import State
from nextword.tensors import Lengths, Rows, TokenIds


def is_recurrent(causal: CausalModel) -> bool:
    """Return whether the cache of a model has a fixed size and can be continued token by token."""
    return causal.fixed_cache is not None and causal.can_continue_by_tokens


class RecurrentHuggingFaceModel(HuggingFaceLanguageModel):
    """A model whose `State` has the tensors of its recurrent cache.

    Some architectures ignore the cache when they read several tokens at once. These read one token
    at a time, which is slower and correct.

    Args:
        causal: The model, on its device; `is_recurrent(causal)` is True.
        boundary_id: Id that is read before the first token of a text.
    """

    def __init__(self, causal: CausalModel, *, boundary_id: int) -> None:
        super().__init__(causal, boundary_id=boundary_id)
        self._template: Cache = causal.fixed_cache

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing; its zeros are never read."""
        parts = cache_tensors(self._template)
        initial = {name: torch.zeros_like(part[0]) for name, part in _named(parts).items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def read(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None
    ) -> tuple[Logits, State]:
        """Return the logits after each token, (batch, time, vocab), and the new state."""
        logits = self.no_logits(token_ids)
        tensors = {name: part.clone() for name, part in state.tensors.items()}
        # Only whether a row has read anything matters here.
        has_read = state.num_tokens.clamp(max=1)
        for group in row_groups(has_read, token_ids.shape[1], lengths=lengths):
            read, cache = self._read_group(group, token_ids[group.rows, : group.num_steps], state)
            logits[group.rows, : group.num_steps] = read.to(logits.dtype)
            for name, part in _named(cache_tensors(cache)).items():
                tensors[name][group.rows] = part
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        return logits, state.after(tensors, num_new_tokens=num_new_tokens)

    def _read_group(
        self, group: RowGroup, token_ids: TokenIds, state: State
    ) -> tuple[Logits, Cache]:
        if not group.num_before:
            return self.causal.read(token_ids)
        cache = self._cache_of(state, group.rows)
        num_at_once = group.num_steps
        if not self.causal.can_continue(num_at_once=num_at_once):
            num_at_once = 1
        pieces = []
        for piece in torch.split(token_ids, num_at_once, dim=1):
            logits, cache = self.causal.read(piece, cache)
            pieces.append(logits)
        return torch.cat(pieces, dim=1), cache

    def _cache_of(self, state: State, rows: Rows) -> Cache:
        """Return a copy of the cache of some rows; the model changes it."""
        names = _named(cache_tensors(self._template))
        return rebuilt(self._template, [state.tensors[name][rows].clone() for name in names])


def _named(parts: list[Tensor]) -> dict[str, Tensor]:
    return {f"memory_{number}": part for number, part in enumerate(parts)}
