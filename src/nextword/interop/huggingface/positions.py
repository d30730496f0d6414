"""The context size of a transformers model, found by running it.

The settings may name another number. RoBERTa counts positions from 2, so only 64 of 66 positions
can be used; XLNet names -1 for no limit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nextword.interop.huggingface.reading import CausalModel
from nextword.interop.huggingface.trial import MAX_WORK

#: Context size of a model whose settings name none.
_DEFAULT_CONTEXT_SIZE = 1024
_NAMES = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
_NUM_TRIED = 7
#: Cost of one logit, in parameters, because it takes memory too.
_WORK_OF_A_SCORE = 16


def find_context_size(causal: CausalModel, settings: Any) -> int:
    """Return how many tokens a model can read at once.

    This is the number in the settings, or less: at most the number of rows of each position table
    and, where running the model is cheap, the largest number that it reads without an error.

    Args:
        causal: The model.
        settings: Its transformers configuration.
    """
    named = [getattr(settings, name, None) for name in _NAMES]
    sizes = [size for size in named if isinstance(size, int) and size > 0]
    size = min([*sizes[:1], *_table_sizes(causal)], default=_DEFAULT_CONTEXT_SIZE)
    work = causal.num_parameters + _WORK_OF_A_SCORE * causal.vocab_size
    if size * work > MAX_WORK or _reads(causal, size):
        return size
    return _largest_read(causal, size)


def _largest_read(causal: CausalModel, too_many: int) -> int:
    """Return the largest number of tokens below `too_many` that a model reads without an error."""
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
    """Return the number of positions of each table that is looked up at consecutive indices."""
    lookups = _Lookups()
    with lookups:
        causal.logits(causal.some_ids(_NUM_TRIED))
    return lookups.sizes


class _Lookups(TorchFunctionMode):
    """Records the tables that are looked up at one consecutive index for each token."""

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
