"""Tables of a vocabulary, made once for each tokenizer. Uses tokenizers only."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from nextword.tokens import Tokenizer

TableT = TypeVar("TableT")


class KeptTables(Generic[TableT]):
    """Tables that are made once for each tokenizer, and kept as long as the tokenizer.

    Args:
        make: Makes a table from a tokenizer and the ids to leave out.
    """

    def __init__(self, make: Callable[[Tokenizer, frozenset[int]], TableT]) -> None:
        self._make = make
        self._kept: WeakKeyDictionary[Tokenizer, dict[frozenset[int], TableT]] = WeakKeyDictionary()

    def of(self, tokenizer: Tokenizer, *, left_out: Iterable[int]) -> TableT:
        """Return the table of a tokenizer; it must not be changed.

        Args:
            tokenizer: The tokenizer.
            left_out: Ids to leave out.
        """
        excluded = frozenset(left_out)
        tables = self._kept.setdefault(tokenizer, {})
        if excluded not in tables:
            tables[excluded] = self._make(tokenizer, excluded)
        return tables[excluded]
