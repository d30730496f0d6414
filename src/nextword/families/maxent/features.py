"""The features: a weight for each n-gram that the training text has, in a hashed table."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from nextword.base import require, require_range
from nextword.families.maxent.contexts import ContextLists, Ranks, shifted
from nextword.families.maxent.hashing import extended, first_slots
from nextword.layers import Additions, SparseTable
from nextword.ngrams import Successors, no_successors

MAX_ORDER = 9


class _Read(torch.autograd.Function):
    """weight[slots], with a list as gradient: `gather` with `sparse_grad` at twice the speed."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, slots: Tensor) -> Tensor:
        ctx.save_for_backward(slots)
        ctx.size = weight.shape
        return weight.index_select(0, slots)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_scores: Tensor) -> tuple[Tensor, None]:
        (slots,) = ctx.saved_tensors
        gradient = torch.sparse_coo_tensor(
            slots[None], grad_scores, ctx.size, check_invariants=False
        )
        return gradient, None


@dataclass(frozen=True, kw_only=True)
class SharedSlots:
    """How crowded the table is.

    Attributes:
        num_features: N-grams that have a weight.
        num_slots: Weights in the table.
        num_sharing: Features whose weight is another one's too.
    """

    num_features: int
    num_slots: int
    num_sharing: int

    @property
    def share(self) -> float:
        """Share of the features that share their weight."""
        return self.num_sharing / max(1, self.num_features)


class FeatureTable(SparseTable):
    """a[t, w] = Σ over n from 2 to N of θ[slot(x[t-n+2] .. x[t], w)], where the text has them.

    Order 1 would be a number for each word whatever came before: the output's bias b, which is
    there already, so a table of that order is empty. N-grams do not reach over the beginning of a
    sentence, as those of n-gram models do not. Before `replace` there are no features.

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        start_id: The id of `<s>`, which n-grams have where the boundary was read.
        order: N, words in the longest n-grams.
        table_size: Number of weights, from order 2 on.

    Raises:
        ConfigError: The order is out of range, or the table is smaller than the vocabulary.

    Source: Mikolov et al. (2011), section 3; lecture 004.
    """

    def __init__(
        self, *, vocab_size: int, boundary_id: int, start_id: int, order: int, table_size: int
    ) -> None:
        super().__init__()
        require_range("model.order", order, low=1, high=MAX_ORDER)
        require(
            table_size >= vocab_size,
            f"model.table_size is {table_size:,}, but the words after one context alone may take "
            f"{vocab_size:,} slots, the whole vocabulary.",
            help=f"Set model.table_size to {vocab_size} or more; several millions are usual.",
        )
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.start_id = start_id
        self.weight = nn.Parameter(torch.zeros(table_size if order > 1 else 0))
        self.contexts = ContextLists(no_successors(order=order, vocab_size=vocab_size))

    @property
    def order(self) -> int:
        """Words in the longest n-grams."""
        return self.contexts.order

    def extra_repr(self) -> str:
        """Say what is not seen in the weights."""
        return f"order={self.order}, table_size={len(self.weight)}"

    def replace(self, successors: Successors) -> None:
        """Have features for these n-grams and no others; slots and weights stay as they are."""
        self.contexts = ContextLists(successors).to(self.weight.device)

    def forward(
        self, words: Ranks, counted: Bool[Tensor, "batch time"] | None, *, num_steps: int
    ) -> Additions:
        """Give what the features add to the scores of the word after each place.

        Args:
            words: Ids, (batch, places): the last ones are read now, those before were read before;
                `NOTHING` where a row had read nothing yet.
            counted: Which of the last places are to be predicted from; all when None.
            num_steps: How many places are read now.
        """
        words = torch.where(words == self.boundary_id, self.start_id, words)
        hashes = torch.zeros_like(words)
        stretches = [_no_stretches(words.device)]
        for length, ranks in enumerate(self.contexts.match(words), start=1):
            hashes = extended(shifted(hashes, 0), words)
            stretches.append(
                self._stretches(
                    length, _last(ranks, num_steps, counted), _last(hashes, num_steps, counted)
                )
            )
        begins, counts, to_slots, to_places = torch.cat(stretches, dim=1)
        return self._additions(begins, counts, to_slots, to_places)

    def _stretches(
        self,
        length: int,
        ranks: Int64[Tensor, " positions"],
        hashes: Int64[Tensor, " positions"],
    ) -> Int64[Tensor, "4 lists"]:
        """Give the lists of contexts of a length, and what leads from a key to slot and place."""
        positions = (ranks >= 0).nonzero().squeeze(1)
        ranks = ranks[positions]
        found = self.contexts.lists(length + 1, ranks)
        slots = self._first_slots(length, hashes[positions])
        # A key is the context's rank times the vocabulary's size, plus the word.
        before = ranks * self.vocab_size
        places = positions * self.vocab_size
        return torch.stack([found.begins, found.counts, slots - before, places - before])

    def _additions(
        self,
        begins: Int64[Tensor, " lists"],
        counts: Int64[Tensor, " lists"],
        to_slots: Int64[Tensor, " lists"],
        to_places: Int64[Tensor, " lists"],
    ) -> Additions:
        """Walk along all lists at once."""
        lists = torch.repeat_interleave(counts)
        offsets = begins - (counts.cumsum(0) - counts)
        entries = torch.arange(len(lists), device=lists.device).add_(offsets.index_select(0, lists))
        keys = self.contexts.keys.index_select(0, entries)
        slots = to_slots.index_select(0, lists).add_(keys)
        places = keys.add_(to_places.index_select(0, lists))
        scores = _read(self.weight, slots)
        return Additions(places=places, scores=scores, vocab_size=self.vocab_size)

    def _first_slots(
        self, length: int, hashes: Int64[Tensor, " contexts"]
    ) -> Int64[Tensor, " contexts"]:
        return first_slots(
            hashes, length=length, num_slots=len(self.weight), vocab_size=self.vocab_size
        )

    def shared_slots(self) -> SharedSlots:
        """Count the features that share a slot of the table."""
        features_at = torch.zeros(len(self.weight), dtype=torch.int32, device=self.weight.device)
        hashes = extended(torch.zeros_like(self._ids()), self._ids())
        for order in range(2, self.order + 1):
            keys = self.contexts.of(order)
            ranks, words = keys // self.vocab_size, keys % self.vocab_size
            slots = self._first_slots(order - 1, hashes)[ranks] + words
            features_at.index_add_(0, slots, torch.ones_like(slots, dtype=torch.int32))
            hashes = extended(hashes[ranks], words)
        num_features = self.contexts.num_ngrams
        return SharedSlots(
            num_features=num_features,
            num_slots=len(features_at),
            num_sharing=num_features - int((features_at == 1).sum()),
        )

    def _ids(self) -> Int64[Tensor, " vocab"]:
        return torch.arange(self.vocab_size, device=self.weight.device)


def _last(
    values: Ranks, num_steps: int, counted: Bool[Tensor, "batch time"] | None
) -> Int64[Tensor, " positions"]:
    """Give the values at the places that are read now, as far as they count."""
    read_now = values[:, values.shape[1] - num_steps :]
    return read_now.flatten() if counted is None else read_now[counted]


def _read(
    weight: Float[Tensor, " slots"], slots: Int64[Tensor, " entries"]
) -> Float[Tensor, " entries"]:
    return _Read.apply(weight, slots)  # type: ignore[no-any-return,no-untyped-call]


def _no_stretches(device: torch.device) -> Int64[Tensor, "4 lists"]:
    return torch.zeros(4, 0, dtype=torch.int64, device=device)
