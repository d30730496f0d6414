"""Models with a recurrent memory, which read on for ever: Mamba, RWKV and their like."""

import torch
from torch import Tensor

from nextword.interop.huggingface.caches import Cache, cache_tensors, rebuilt
from nextword.interop.huggingface.model import HuggingFaceLanguageModel, RowGroup, row_groups
from nextword.interop.huggingface.reading import CausalModel, Logits
from nextword.models import State
from nextword.tensors import Lengths, Rows, TokenIds


def is_recurrent(causal: CausalModel) -> bool:
    """Say whether a model's memory has a fixed size and can be read on from, token by token."""
    return causal.fixed_cache is not None and causal.goes_on_by_tokens


class RecurrentHuggingFaceModel(HuggingFaceLanguageModel):
    """A model whose State is its own recurrent memory, tensor by tensor.

    Where the architecture forgets its memory when it goes on by several tokens at once, it is read
    on token by token, which is slow and right.

    Args:
        causal: The model, on its device; `is_recurrent` holds of it.
        boundary_id: The id that is read before the first token of a text.
    """

    def __init__(self, causal: CausalModel, *, boundary_id: int) -> None:
        super().__init__(causal, boundary_id=boundary_id)
        self._template: Cache = causal.fixed_cache

    def initial_state(self, batch_size: int) -> State:
        """Give the state of rows that have read nothing; the zeros in it are never read on from."""
        parts = cache_tensors(self._template)
        initial = {name: torch.zeros_like(part[0]) for name, part in _named(parts).items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def read(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> tuple[Logits, State]:
        """Read tokens and give unnormalised scores, (batch, time, vocab), and the state."""
        logits = self.no_logits(token_ids)
        tensors = {name: part.clone() for name, part in state.tensors.items()}
        # Rows that have read something differ in nothing else here.
        has_read = state.num_tokens.clamp(max=1)
        for group in row_groups(has_read, token_ids.shape[1], lengths):
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
        if not self.causal.goes_on(num_at_once=num_at_once):
            num_at_once = 1
        pieces = []
        for piece in torch.split(token_ids, num_at_once, dim=1):
            logits, cache = self.causal.read(piece, cache)
            pieces.append(logits)
        return torch.cat(pieces, dim=1), cache

    def _cache_of(self, state: State, rows: Rows) -> Cache:
        """Give the memory of some rows as transformers has it; a copy, for it will be written."""
        names = _named(cache_tensors(self._template))
        return rebuilt(self._template, [state.tensors[name][rows].clone() for name in names])


def _named(parts: list[Tensor]) -> dict[str, Tensor]:
    return {f"memory_{number}": part for number, part in enumerate(parts)}
