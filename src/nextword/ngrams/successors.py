"""The set of n-grams of a text, without counts: which words follow which contexts.

The key of an n-gram is the one of `counting.counts`: the rank of its context one order below, times
the vocabulary size, plus its last word. So the successors of a context are adjacent.
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
    """The words that follow each context of a text.

    Attributes:
        vocab_size: Number of ids; every id is an n-gram of order 1.
        keys: Keys of the n-grams in ascending order, one array per order, order 2 first; arrays
            of high orders may be empty.
    """

    vocab_size: int
    keys: tuple[Int64[np.ndarray, " _"], ...]

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return 1 + len(self.keys)

    def num_contexts(self, order: int) -> int:
        """Return the number of possible contexts of the n-grams of an order, 2 or more."""
        return self.vocab_size if order == 2 else len(self.keys[order - 3])

    def starts(self, order: int) -> Int64[np.ndarray, " contexts_plus_one"]:
        """Return where the successors of each context begin among the n-grams of an order.

        The last entry is the number of n-grams of the order.
        """
        contexts = np.arange(self.num_contexts(order) + 1)
        return np.searchsorted(self.keys[order - 2], contexts * self.vocab_size)

    def merged(self, other: "Successors") -> "Successors":
        """Return the union of both; they must have the same order and vocabulary."""
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
        """Return the keys by name, for `from_arrays`."""
        return {f"{_NAME}{order}": keys for order, keys in enumerate(self.keys, start=2)}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], *, order: int, vocab_size: int, source: str
    ) -> "Successors":
        """Build the object from the result of `arrays`.

        Args:
            arrays: Arrays by name.
            order: Length of the longest n-grams.
            vocab_size: Number of ids.
            source: Where the arrays come from, for error messages.

        Raises:
            FormatError: An array is missing, unexpected, not sorted, or has another dtype or shape.
        """
        names = [f"{_NAME}{number}" for number in range(2, order + 1)]
        odd = sorted(set(names) ^ arrays.keys())
        if odd:
            raise _damaged(source, f"{odd[0]} is missing or unexpected for order {order}")
        for name in names:
            dtype, shape = arrays[name].dtype, list(arrays[name].shape)
            if dtype != np.int64 or len(shape) != 1:
                raise _damaged(source, f"{name} has dtype {dtype} and shape {shape}")
        successors = cls(vocab_size=vocab_size, keys=tuple(arrays[name] for name in names))
        for number, keys in enumerate(successors.keys, start=2):
            limit = successors.num_contexts(number) * vocab_size
            if len(keys) and (keys[0] < 0 or keys[-1] >= limit or (keys[1:] <= keys[:-1]).any()):
                raise _damaged(source, f"the n-grams of order {number} are not sorted")
        return successors


def no_successors(*, order: int, vocab_size: int) -> Successors:
    """Return the successors of an empty text: every context has none."""
    keys = tuple(np.zeros(0, dtype=np.int64) for _ in range(2, order + 1))
    return Successors(vocab_size=vocab_size, keys=keys)


def successors_of(counts: NgramCounts, *, order: int, min_count: int) -> Successors:
    """Return the n-grams of a text from order 2 on.

    Args:
        counts: The counts of the text.
        order: Highest order of the result; orders that were not counted are empty.
        min_count: N-grams that occur less often are left out.
    """
    vocab_size = counts.vocab_size
    ranks = np.arange(vocab_size)
    keys: list[Int64[np.ndarray, " _"]] = []
    for number in range(2, counts.order + 1):
        found = counts.of(number)
        # The context of an n-gram occurs at least as often, so it is kept too.
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
        f"{source} has damaged n-gram features: {reason}.", help="Train the model again."
    )
