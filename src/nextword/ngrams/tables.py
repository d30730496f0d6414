"""The tables of a back-off model: sorted n-grams with a probability and a back-off weight.

The n-grams of an order are sorted by key (context rank * vocab_size + word, see
`counting.counts`). So n-grams with the same context are adjacent, and an n-gram is found by binary
search. The tables are plain arrays, which can be saved and memory-mapped.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, Integer, Shaped

from nextword.base import FormatError, release_pages
from nextword.ngrams.compiled import ngram_kernels
from nextword.ngrams.workspace import Workspace

#: The rank of an n-gram that is not in the tables.
NOT_FOUND = -1
#: Largest logarithm of a probability: probabilities slightly above 1 come from rounding.
_LARGEST_LOG_PROB = 1e-3
#: Tables up to this number of n-grams are always indexed, which takes up to half a second. Pages of
#: larger ones are released after use.
_SMALL_TABLES = 1 << 23
#: Larger tables are indexed for so many targets.
_NGRAMS_PER_TARGET = 64
#: Above this number of n-grams an index would take more than 256 MiB.
_LARGEST_INDEXED = 1 << 25
#: A look-up in a file may map so many bytes of it, the largest page of Linux.
_MAPPED_BYTES = 1 << 21
#: Number of such pages of large tables that are read before they are released.
_MAPPED_PAGES = 64
#: Of the keys of large tables, the first of so many is kept in memory.
_FENCE_DISTANCE = 1 << 8
#: Number of keys that are checked at a time.
_BLOCK = 1 << 22
#: Largest absolute logarithm of a back-off weight, as in ARPA files.
_LARGEST_WEIGHT = 1e9


@dataclass(frozen=True, kw_only=True, eq=False)
class NgramTables:
    """Back-off tables: p(w|h) is that of hw if it is stored, else backoff(h) p(w|h').

    h' is h without its first word.

    Attributes:
        vocab_size: Number of ids; order 1 has an entry for each.
        keys: Keys of the n-grams in ascending order, one array per order, order 2 first.
        log_probs: Log-probability of each n-gram in nats, order 1 first.
        backoffs: Logarithm of the back-off weight of each n-gram as a context, order 1 first,
            without the highest order.
    """

    vocab_size: int
    keys: tuple[Int64[np.ndarray, " _"], ...]
    log_probs: tuple[Float32[np.ndarray, " _"], ...]
    backoffs: tuple[Float32[np.ndarray, " _"], ...]

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.log_probs)

    @property
    def num_ngrams(self) -> tuple[int, ...]:
        """Number of n-grams of each order, order 1 first."""
        return tuple(len(log_probs) for log_probs in self.log_probs)

    @property
    def num_parameters(self) -> int:
        """Number of stored probabilities and back-off weights."""
        return sum(map(len, self.log_probs)) + sum(map(len, self.backoffs))

    @functools.cached_property
    def index(self) -> Any:
        """The compiled `NgramIndex` of the tables; None without the compiled kernels.

        Building it reads all keys, and takes 8 bytes for each n-gram.
        """
        kernels = ngram_kernels()
        if kernels is None:
            return None
        index = kernels.NgramIndex(
            vocab_size=self.vocab_size,
            keys=self.keys,
            log_probs=self.log_probs,
            backoffs=self.backoffs,
        )
        self.release()
        return index

    def index_for(self, num_targets: int) -> Any:
        """Return the index if it exists already, or if building it pays for a number of targets."""
        largest = min(max(_SMALL_TABLES, _NGRAMS_PER_TARGET * num_targets), _LARGEST_INDEXED)
        pays = sum(self.num_ngrams) <= largest
        return self.index if pays or "index" in vars(self) else None

    @property
    def is_large(self) -> bool:
        """Whether pages of memory-mapped tables are released after use."""
        return sum(self.num_ngrams) > _SMALL_TABLES

    def release(self) -> None:
        """Release the pages of large tables in files; small ones stay in memory."""
        if self.is_large:
            for values in self.arrays().values():
                release_pages(values)

    def gather(
        self, values: Shaped[np.ndarray, " size"], ranks: Int64[np.ndarray, " num"]
    ) -> Shaped[np.ndarray, " num"]:
        """Return `values[ranks]` for an array of these tables; few of its pages are in memory.

        Args:
            values: One of `log_probs` or `backoffs`, (size).
            ranks: Ranks of n-grams, (num).
        """
        found: Shaped[np.ndarray, " num"]
        if not self.is_large:
            found = values[ranks]
            return found
        found = np.empty(len(ranks), dtype=values.dtype)
        sorting = np.argsort(ranks)
        for part in self._parts(ranks[sorting] * values.itemsize):
            found[sorting[part]] = values[ranks[sorting[part]]]
        return found

    def _parts(self, places: Int64[np.ndarray, " num"]) -> Iterator[slice]:
        """Iterate over the parts of queries that read a number of pages, and release the pages.

        Args:
            places: Place of an array that each query reads, in bytes, ascending, (num).
        """
        pages = places // _MAPPED_BYTES
        changes = np.flatnonzero(pages[1:] != pages[:-1]) + 1
        ends = [*changes[_MAPPED_PAGES - 1 :: _MAPPED_PAGES].tolist(), len(places)]
        for begin, end in zip([0, *ends], ends, strict=False):
            yield slice(begin, end)
            self.release()

    def find(
        self,
        order: int,
        contexts: Int64[np.ndarray, " num_queries"],
        *,
        words: Integer[np.ndarray, " num_queries"],
    ) -> Int64[np.ndarray, " num_queries"]:
        """Return the ranks of n-grams.

        Args:
            order: Their order, 2 or more.
            contexts: Rank of the context of each, or `NOT_FOUND`, (num_queries).
            words: The last word of each, (num_queries).

        Returns:
            The rank of each, (num_queries); `NOT_FOUND` if it is not stored or its context is
            `NOT_FOUND`.
        """
        ranks = np.full(len(contexts), NOT_FOUND, dtype=np.int64)
        keys = self.keys[order - 2]
        known = np.flatnonzero(contexts != NOT_FOUND)
        if not len(keys) or not len(known):
            return ranks
        wanted = contexts[known] * self.vocab_size + words[known]
        if self.is_large:
            ranks[known] = self._find_in_order(order, wanted)
        else:
            places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            ranks[known] = np.where(keys[places] == wanted, places, NOT_FOUND)
        return ranks

    def _find_in_order(
        self, order: int, wanted: Int64[np.ndarray, " num"]
    ) -> Int64[np.ndarray, " num"]:
        """Return the rank of each key of an order, or `NOT_FOUND`.

        The smallest keys are searched first, each between two keys that are kept in memory.
        """
        keys = self.keys[order - 2]
        sorting = np.argsort(wanted)
        wanted = wanted[sorting]
        fences = np.searchsorted(self._fences[order - 2], wanted, side="right") - 1
        begins = np.maximum(fences, 0) * _FENCE_DISTANCE
        ranks = np.empty(len(wanted), dtype=np.int64)
        for part in self._parts(begins * keys.itemsize):
            places = begins[part]
            step = _FENCE_DISTANCE // 2
            while step:
                further = np.minimum(places + step, len(keys) - 1)
                places = np.where(keys[further] <= wanted[part], further, places)
                step //= 2
            ranks[sorting[part]] = np.where(keys[places] == wanted[part], places, NOT_FOUND)
        return ranks

    @functools.cached_property
    def _fences(self) -> list[Int64[np.ndarray, " _"]]:
        """Every `_FENCE_DISTANCE`-th key of each order, order 2 first."""
        fences = []
        block = _FENCE_DISTANCE * max(1, _BLOCK // _FENCE_DISTANCE)
        for keys in self.keys:
            parts = [np.zeros(0, dtype=np.int64)]
            for begin in range(0, len(keys), block):
                parts.append(np.array(keys[begin : begin + block : _FENCE_DISTANCE]))
                self.release()
            fences.append(np.concatenate(parts))
        return fences

    def words_of(
        self, order: int, ranks: Int64[np.ndarray, " num_ngrams"]
    ) -> Int64[np.ndarray, "num_ngrams order"]:
        """Return the ids of n-grams of an order by rank, (num_ngrams, order)."""
        columns = []
        for level in range(order, 1, -1):
            ranks, last = np.divmod(self.keys[level - 2][ranks], self.vocab_size)
            columns.append(last)
        return np.stack([ranks, *reversed(columns)], axis=1)

    def without_pruned(
        self, kept: Sequence[Bool[np.ndarray, " _"]], *, workspace: Workspace | None = None
    ) -> "NgramTables":
        """Return the tables without the pruned n-grams.

        Args:
            kept: Mask of the n-grams to keep, one per order, order 1 first. All n-grams of order 1
                and the contexts of all kept n-grams must be kept.
            workspace: Where the arrays are kept; in memory when None.
        """
        space = Workspace() if workspace is None else workspace

        def selected(values: Float32[np.ndarray, " _"], mask: np.ndarray) -> np.ndarray:
            parts = (values[block][mask[block]] for block in space.blocks(len(mask)))
            return space.concatenated(parts, values.dtype)

        keys = []
        new_ranks = np.arange(self.vocab_size)
        for order in range(2, self.order + 1):
            mask = kept[order - 1]
            parts = self._moved_keys(order, mask, new_ranks=new_ranks, workspace=space)
            keys.append(space.concatenated(parts, np.int64))
            if order < self.order:
                new_ranks = _ranks_after_pruning(mask, space)
        return NgramTables(
            vocab_size=self.vocab_size,
            keys=tuple(keys),
            log_probs=tuple(map(selected, self.log_probs, kept)),
            backoffs=tuple(map(selected, self.backoffs, kept)),
        )

    def _moved_keys(
        self,
        order: int,
        kept: Bool[np.ndarray, " num_ngrams"],
        *,
        new_ranks: Int64[np.ndarray, " num_contexts"],
        workspace: Workspace,
    ) -> Iterator[Int64[np.ndarray, " _"]]:
        """Iterate over the keys of kept n-grams, with the new ranks of their contexts."""
        for block in workspace.blocks(len(kept)):
            contexts, words = np.divmod(self.keys[order - 2][block][kept[block]], self.vocab_size)
            yield new_ranks[contexts] * self.vocab_size + words

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name, for `from_arrays`."""
        named: dict[str, np.ndarray] = {}
        for order in range(1, self.order + 1):
            named[f"log_probs.{order}"] = self.log_probs[order - 1]
            if order > 1:
                named[f"keys.{order}"] = self.keys[order - 2]
            if order < self.order:
                named[f"backoffs.{order}"] = self.backoffs[order - 1]
        return named

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], *, vocab_size: int, source: str
    ) -> "NgramTables":
        """Build the tables from the result of `arrays`, without copying.

        Args:
            arrays: Arrays by name.
            vocab_size: Number of ids.
            source: Where the arrays come from, for error messages.

        Raises:
            FormatError: An array is missing, unexpected, not sorted, or has another dtype or shape.
        """
        order = sum(name.startswith("log_probs.") for name in arrays)
        tables = cls(
            vocab_size=vocab_size,
            keys=tuple(_taken(arrays, f"keys.{i}", source) for i in range(2, order + 1)),
            log_probs=tuple(_taken(arrays, f"log_probs.{i}", source) for i in range(1, order + 1)),
            backoffs=tuple(_taken(arrays, f"backoffs.{i}", source) for i in range(1, order)),
        )
        odd = sorted(arrays.keys() - tables.arrays().keys())
        if odd or not order:
            raise _damaged(source, f"it contains {', '.join(odd) or 'no n-grams'}")
        tables._check(source)
        return tables

    def _check(self, source: str) -> None:
        if self.num_ngrams[0] != self.vocab_size:
            raise _damaged(
                source,
                f"it has {self.num_ngrams[0]:,} words, but the vocabulary has {self.vocab_size:,}",
            )
        for order in range(2, self.order + 1):
            keys, size = self.keys[order - 2], self.num_ngrams[order - 1]
            below = self.num_ngrams[order - 2]
            if len(keys) != size or len(self.backoffs[order - 2]) != below:
                raise _damaged(source, f"the arrays of order {order} differ in length")
            if not size:
                continue
            limit = below * self.vocab_size
            if keys[0] < 0 or keys[-1] >= limit or not self._ascends(keys):
                raise _damaged(source, f"the n-grams of order {order} are not sorted")
        for name, values in self.arrays().items():
            if not name.startswith("keys."):
                is_log_prob = name.startswith("log_probs.")
                largest = _LARGEST_LOG_PROB if is_log_prob else _LARGEST_WEIGHT
                self._check_values(values, name, limit=largest, source=source)

    def _ascends(self, keys: Int64[np.ndarray, " size"]) -> bool:
        for begin in range(0, len(keys), _BLOCK):
            later = keys[begin + 1 : begin + 1 + _BLOCK]
            if (later <= keys[begin : begin + len(later)]).any():
                return False
            self.release()
        return True

    def _check_values(
        self, values: Float32[np.ndarray, " size"], name: str, *, limit: float, source: str
    ) -> None:
        """Refuse NaN and values above the limit; -inf is the logarithm of 0."""
        for begin in range(0, len(values), _BLOCK):
            largest = float(values[begin : begin + _BLOCK].max())  # NaN if any value is
            if not largest <= limit:
                reason = f"{name} contains {largest:g}, which is not a logarithm of a weight"
                raise _damaged(source, reason)
            self.release()


def logarithms(values: Float[np.ndarray, " size"]) -> Float32[np.ndarray, " size"]:
    """Return natural logarithms as float32; the logarithm of 0 is -inf."""
    with np.errstate(divide="ignore"):
        nats: Float32[np.ndarray, " size"] = np.log(values).astype(np.float32)
    return nats


def _ranks_after_pruning(
    kept: Bool[np.ndarray, " num_ngrams"], space: Workspace
) -> Int64[np.ndarray, " num_ngrams"]:
    """Return the rank of each kept n-gram among the kept ones."""
    ranks = space.zeros(len(kept), np.int64)
    num_before = 0
    for block in space.blocks(len(kept)):
        ranks[block] = num_before - 1 + np.cumsum(kept[block])
        num_before += int(np.count_nonzero(kept[block]))
    return ranks


def _taken(arrays: Mapping[str, np.ndarray], name: str, source: str) -> np.ndarray:
    dtype = np.int64 if name.startswith("keys.") else np.float32
    array = arrays.get(name)
    if array is None:
        raise _damaged(source, f"it has no {name}")
    if array.dtype != dtype or array.ndim != 1:
        raise _damaged(source, f"{name} has dtype {array.dtype} and shape {list(array.shape)}")
    return array


def _damaged(source: str, reason: str) -> FormatError:
    return FormatError(f"{source} is damaged: {reason}.", help="Train or export the model again.")
