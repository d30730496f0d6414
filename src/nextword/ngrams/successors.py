"""Which words followed which contexts in a text: its n-grams without their counts.

An n-gram is known by the same key as in `counts`: the rank of its context one order below, times
the vocabulary size, plus its last word. The words that followed one context stand side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from nextword.base import FormatError
from nextword.ngrams.counting import NgramCounts

_NAME = "keys."


@dataclass(frozen=True, kw_only=True, eq=False)
class Successors:
    """For each context of a text the words that followed it; ids themselves are order 1.

    Attributes:
        vocab_size: Number of ids.
        keys: Rising keys of the n-grams, order 2 first; those of high orders may be none.
    """

    vocab_size: int
    keys: tuple[Int64[np.ndarray, " _"], ...]

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return 1 + len(self.keys)

    def num_contexts(self, order: int) -> int:
        """Number of contexts that n-grams of an order, 2 or more, may go on from."""
        return self.vocab_size if order == 2 else len(self.keys[order - 3])

    def starts(self, order: int) -> Int64[np.ndarray, " contexts_plus_one"]:
        """Give where the list of each context begins among the n-grams of an order, and the end."""
        contexts = np.arange(self.num_contexts(order) + 1)
        return np.searchsorted(self.keys[order - 2], contexts * self.vocab_size)

    def merged(self, other: "Successors") -> "Successors":
        """Give the n-grams of both, which must be of one order and one vocabulary."""
        if not any(map(len, other.keys)):
            return self
        ranks = [np.arange(self.vocab_size)] * 2
        merged = []
        for pair in zip(self.keys, other.keys, strict=True):
            moved = [
                rank[keys // self.vocab_size] * self.vocab_size + keys % self.vocab_size
                for rank, keys in zip(ranks, pair, strict=True)
            ]
            merged.append(np.union1d(*moved))
            ranks = [np.searchsorted(merged[-1], keys) for keys in moved]
        return Successors(vocab_size=self.vocab_size, keys=tuple(merged))

    def arrays(self) -> dict[str, np.ndarray]:
        """Give everything by name, for `from_arrays`."""
        return {f"{_NAME}{order}": keys for order, keys in enumerate(self.keys, start=2)}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], *, order: int, vocab_size: int, source: str
    ) -> "Successors":
        """Put together what `arrays` gave.

        Args:
            arrays: Arrays by name.
            order: Length of the longest n-grams.
            vocab_size: Number of ids.
            source: Where they come from, for the error message.

        Raises:
            FormatError: An array is missing, too many, of another type, or out of order.
        """
        names = [f"{_NAME}{number}" for number in range(2, order + 1)]
        odd = sorted(set(names) ^ arrays.keys())
        if odd:
            raise _damaged(source, f"{odd[0]} is missing or too many for order {order}")
        for name in names:
            dtype, shape = arrays[name].dtype, list(arrays[name].shape)
            if dtype != np.int64 or len(shape) != 1:
                raise _damaged(source, f"{name} is of type {dtype}{shape}")
        successors = cls(vocab_size=vocab_size, keys=tuple(arrays[name] for name in names))
        for number, keys in enumerate(successors.keys, start=2):
            limit = successors.num_contexts(number) * vocab_size
            if len(keys) and (keys[0] < 0 or keys[-1] >= limit or (keys[1:] <= keys[:-1]).any()):
                raise _damaged(source, f"the n-grams of order {number} are out of order")
        return successors


def no_successors(*, order: int, vocab_size: int) -> Successors:
    """Give the lists of a text that was not read: all are empty."""
    keys = tuple(np.zeros(0, dtype=np.int64) for _ in range(2, order + 1))
    return Successors(vocab_size=vocab_size, keys=keys)


def successors_of(counts: NgramCounts, *, order: int, min_count: int) -> Successors:
    """Give the n-grams that were counted, of order 2 and more.

    Args:
        counts: The counts of a text.
        order: Of the result; orders above those counted are empty.
        min_count: N-grams that the text has less often are left out.
    """
    vocab_size = counts.vocab_size
    ranks = np.arange(vocab_size)
    keys: list[Int64[np.ndarray, " _"]] = []
    for number in range(2, counts.order + 1):
        found = counts.of(number)
        # An n-gram's context is in the text as often as the n-gram, so it is kept with it.
        kept = np.asarray(found.counts) >= min_count
        contexts, words = np.divmod(found.keys[kept], vocab_size)
        keys.append(ranks[contexts] * vocab_size + words)
        ranks = np.cumsum(kept) - 1
    missing: Sequence[Int64[np.ndarray, " _"]] = no_successors(
        order=order - counts.order + 1, vocab_size=vocab_size
    ).keys
    return Successors(vocab_size=vocab_size, keys=(*keys, *missing))


def _damaged(source: str, reason: str) -> FormatError:
    return FormatError(
        f"{source} has no sound n-gram features: {reason}.", help="Train the model again."
    )
