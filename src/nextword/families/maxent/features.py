"""The n-gram features: a weight for each n-gram of the training text, in a hash table."""

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
    """weight[slots] with a sparse gradient; twice as fast as `gather` with `sparse_grad`."""

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
    """Hash-collision statistics of the table.

    Attributes:
        num_features: Number of n-grams that have a weight.
        num_slots: Number of weights in the table.
        num_sharing: Number of features that share their weight with another one.
    """

    num_features: int
    num_slots: int
    num_sharing: int

    @property
    def share(self) -> float:
        """Fraction of the features that share their weight with another one."""
        return self.num_sharing / max(1, self.num_features)


class FeatureTable(SparseTable):
    """a[t, w] = Σ over n from 2 to N of θ[slot(x[t-n+2] .. x[t], w)], over the stored n-grams.

    Order 1 has no features, because the output bias b already has a value for each word; a table
    of order 1 is empty. As in n-gram models, n-grams do not cross the beginning of a sentence.
    There are no features before the first call of `replace`.

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        start_id: The id of `<s>`, which replaces the boundary in n-grams.
        order: N, the number of words in the longest n-grams.
        table_size: Number of weights; not used if the order is 1.

    Raises:
        ConfigError: The order is out of range, or the table is smaller than the vocabulary.

    Source: [mikolov2011], section 3; [lecture-004].
    """

    def __init__(
        self, *, vocab_size: int, boundary_id: int, start_id: int, order: int, table_size: int
    ) -> None:
        super().__init__()
        require_range("model.order", order, low=1, high=MAX_ORDER)
        require(
            table_size >= vocab_size,
            f"model.table_size is {table_size:,}, but the words after a single context may need "
            f"{vocab_size:,} slots, one for each word of the vocabulary.",
            help=f"Set model.table_size to {vocab_size} or more; several millions are usual.",
        )
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.start_id = start_id
        self.weight = nn.Parameter(torch.zeros(table_size if order > 1 else 0))
        self.contexts = ContextLists(no_successors(order=order, vocab_size=vocab_size))

    @property
    def order(self) -> int:
        """Number of words in the longest n-grams."""
        return self.contexts.order

    def extra_repr(self) -> str:
        """Return the settings that the weights' shapes do not show."""
        return f"order={self.order}, table_size={len(self.weight)}"

    def replace(self, successors: Successors) -> None:
        """Replace the set of n-grams that have a feature; the weights are not changed."""
        self.contexts = ContextLists(successors).to(self.weight.device)

    def forward(
        self, words: Ranks, counted: Bool[Tensor, "batch time"] | None, *, num_steps: int
    ) -> Additions:
        """Return the values that the features add to the logits after each new token.

        Args:
            words: Ids, (batch, places): remembered ids, then `num_steps` new ones; `NOTHING` before
                the first token of a row.
            counted: Which of the new positions are predicted from, (batch, num_steps); all when
                None.
            num_steps: Number of new ids.
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
        """Return the successor lists of contexts, and offsets from a key to slot and logit.

        Args:
            length: Number of words of the contexts.
            ranks: Rank of the context at each position, or `NOT_FOUND`.
            hashes: Hash of the context at each position.

        Returns:
            Rows: index of the first key, number of keys, slot - key, index of the logit - key.
        """
        positions = (ranks >= 0).nonzero().squeeze(1)
        ranks = ranks[positions]
        found = self.contexts.lists(length + 1, ranks)
        slots = self._first_slots(length, hashes[positions])
        # A key is the rank of the context times the vocabulary size, plus the word.
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
        """Return the weights of all n-grams in the lists, with the logits they belong to."""
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
        """Return the hash-collision statistics of the table."""
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
    """Return the values at the new positions that are counted."""
    read_now = values[:, values.shape[1] - num_steps :]
    return read_now.flatten() if counted is None else read_now[counted]


def _read(
    weight: Float[Tensor, " slots"], slots: Int64[Tensor, " entries"]
) -> Float[Tensor, " entries"]:
    return _Read.apply(weight, slots)  # type: ignore[no-any-return,no-untyped-call]


def _no_stretches(device: torch.device) -> Int64[Tensor, "4 lists"]:
    return torch.zeros(4, 0, dtype=torch.int64, device=device)
