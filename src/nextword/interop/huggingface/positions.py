"""How many positions a transformers model has: found by trying, as settings may say another number.

RoBERTa counts from 2, so that of 66 positions 64 can be used; XLNet says -1 for no end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nextword.interop.huggingface.reading import CausalModel
from nextword.interop.huggingface.trial import MAX_WORK

#: Positions of a model that does not say how many it has.
_DEFAULT_CONTEXT_SIZE = 1024
_NAMES = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
_NUM_TRIED = 7
#: What a score costs, in parameters: it takes memory too.
_WORK_OF_A_SCORE = 16


def find_context_size(causal: CausalModel, settings: Any) -> int:
    """Return how many tokens a model can read at once.

    It is the number in the settings, or fewer: as many as its tables of positions have rows, and,
    where trying that is cheap, as it reads without an error.
    """
    named = [getattr(settings, name, None) for name in _NAMES]
    sizes = [size for size in named if isinstance(size, int) and size > 0]
    size = min([*sizes[:1], *_table_sizes(causal)], default=_DEFAULT_CONTEXT_SIZE)
    work = causal.num_parameters + _WORK_OF_A_SCORE * causal.vocab_size
    if size * work > MAX_WORK or _reads(causal, size):
        return size
    return _largest_read(causal, size)


def _largest_read(causal: CausalModel, too_many: int) -> int:
    """Return the largest number of tokens that a model reads, below one that it does not."""
    low = 1
    while too_many - low > 1:
        middle = (low + too_many) // 2
        if _reads(causal, middle):
            low = middle
        else:
            too_many = middle
    return low


def _reads(causal: CausalModel, num_tokens: int) -> bool:
    try:
        logits = causal.logits(causal.some_ids(num_tokens))
    except Exception:
        return False
    return bool(torch.isfinite(logits[0, -1]).any())


def _table_sizes(causal: CausalModel) -> list[int]:
    """Return how many positions each table has that is read at consecutive places."""
    lookups = _Lookups()
    with lookups:
        causal.logits(causal.some_ids(_NUM_TRIED))
    return lookups.sizes


class _Lookups(TorchFunctionMode):
    """Notes the tables that are looked up at as many consecutive places as there are tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is functional.embedding:
            self._note(*args[:2])
        return func(*args, **(kwargs or {}))

    def _note(self, places: Tensor, table: Tensor) -> None:
        row = places.reshape(-1)
        if len(row) == _NUM_TRIED and bool((row.diff() == 1).all()):
            self.sizes.append(len(table) - int(row[0]))
