"""Look-up of contexts at many positions of a text at once, and of the successors of each."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.ngrams import NOT_FOUND, Successors

Ranks = Int64[Tensor, "batch places"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Lists:
    """Lists of n-grams, as slices of `ContextLists.keys`.

    Attributes:
        begins: Index of the first n-gram of each list.
        counts: Number of n-grams of each list.
    """

    begins: Int64[Tensor, " lists"]
    counts: Int64[Tensor, " lists"]


class ContextLists(nn.Module):
    """The sorted n-grams of a text, with the list of successors of each context.

    Args:
        successors: The n-grams.

    Attributes:
        keys: Keys of the n-grams of all orders, order 2 first.
        starts: Index in `keys` of the first successor of each context, order 2 first; the entries
            of an order end with the index after its last list.
    """

    keys: Int64[Tensor, " ngrams"]
    starts: Int64[Tensor, " contexts_and_ends"]

    def __init__(self, successors: Successors) -> None:
        super().__init__()
        self.order = successors.order
        self.vocab_size = successors.vocab_size
        orders = range(2, self.order + 1)
        sizes = [0, *(len(keys) for keys in successors.keys)]
        starts = [successors.starts(order) for order in orders]
        self._first_keys = np.cumsum(sizes).tolist()
        self._first_starts = np.cumsum([0, *map(len, starts)]).tolist()
        moved = [part + first for part, first in zip(starts, self._first_keys, strict=False)]
        self.register_buffer("keys", _joined(successors.keys), persistent=False)
        self.register_buffer("starts", _joined(moved), persistent=False)

    @property
    def num_ngrams(self) -> int:
        """Number of n-grams of all orders."""
        return len(self.keys)

    def of(self, order: int) -> Int64[Tensor, " _"]:
        """Return the keys of the n-grams of an order, 2 or more."""
        return self.keys[self._first_keys[order - 2] : self._first_keys[order - 1]]

    def successors(self) -> Successors:
        """Return the n-grams as a `Successors` object."""
        keys = tuple(self.of(order).cpu().numpy() for order in range(2, self.order + 1))
        return Successors(vocab_size=self.vocab_size, keys=keys)

    def match(self, words: Ranks) -> list[Ranks]:
        """Find the contexts that end at each position.

        Args:
            words: Ids, (batch, places); `NOTHING` before the first token of a row.

        Returns:
            For each length from 1 to order - 1 the rank of the context of this length that ends at
            each position, or `NOT_FOUND`; (batch, places).
        """
        ranks = [words] if self.order > 1 else []
        for order in range(2, self.order):
            ranks.append(self._find(order, shifted(ranks[-1], NOT_FOUND), words))
        return ranks

    def lists(self, order: int, contexts: Int64[Tensor, " lists"]) -> Lists:
        """Return the n-grams of an order, 2 or more, that have the given contexts.

        Args:
            order: The order.
            contexts: Ranks of the contexts, (lists).
        """
        places = self._first_starts[order - 2] + contexts
        begins = self.starts[places]
        return Lists(begins=begins, counts=self.starts[places + 1] - begins)

    def _find(self, order: int, contexts: Ranks, words: Ranks) -> Ranks:
        """Return the ranks of n-grams by the rank of their context and their last word.

        A context `NOT_FOUND` or a word `NOTHING` never yields a stored key. `NOTHING` is preceded
        by `NOTHING` only, so its context is not found either.
        """
        keys = self.of(order)
        if not len(keys):
            return torch.full_like(words, NOT_FOUND)
        wanted = contexts * self.vocab_size + words
        places = torch.searchsorted(keys, wanted).clamp_(max=len(keys) - 1)
        return torch.where(keys[places] == wanted, places, NOT_FOUND)


def shifted(values: Ranks, first: int) -> Ranks:
    """Return the values shifted right by one position, with `first` at the first position."""
    return functional.pad(values, (1, 0), value=first)[:, :-1]


def _joined(parts: tuple[np.ndarray, ...] | list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))
