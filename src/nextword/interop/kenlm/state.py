"""The state between two words, and the result of scoring a word."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Context(Protocol):
    """What a scorer knows after reading words. It never changes.

    Attributes:
        key: Equal for contexts after which every word has the same probability.
    """

    @property
    def key(self) -> tuple[Hashable, ...]:
        """The identity of the context."""
        ...


@total_ordering
class State:
    """The words read so far, as an n-gram context or as the hidden state of a network.

    A new state has no context. `Model.BeginSentenceWrite`, `Model.NullContextWrite` and
    `Model.BaseScore` write to it. States can be compared, hashed and copied. Equal states of one
    model give every next word the same probability. A state cannot be pickled, as in KenLM.

    Example:
        >>> State() == State(), len({State(), State()})
        (True, 1)
    """

    __slots__ = ("_context",)

    def __init__(self) -> None:
        self._context: Context | None = None

    @property
    def context(self) -> Context | None:
        """What the scorer knows; None for a new state."""
        return self._context

    def write(self, context: Context) -> None:
        """Replace the context."""
        self._context = context

    def _key(self) -> tuple[Any, ...]:
        return () if self._context is None else self._context.key

    def __eq__(self, other: object) -> bool:
        """Return whether both states predict the same."""
        return self._key() == other._key() if isinstance(other, State) else NotImplemented

    def __lt__(self, other: object) -> bool:
        """Compare by length, then by content; the order has no further meaning."""
        if not isinstance(other, State):
            return NotImplemented
        own, others = self._key(), other._key()
        return (len(own), own) < (len(others), others)

    def __hash__(self) -> int:
        """Return the hash of the context."""
        return hash(self._key())

    def __copy__(self) -> "State":
        copied = State()
        copied._context = self._context
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> "State":
        """Return a copy; contexts never change, so they are shared."""
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a State cannot be pickled; pickle the words that were read instead.")


@dataclass(frozen=True, kw_only=True)
class FullScoreReturn:
    """The score of a word.

    Attributes:
        log_prob: log10 probability.
        ngram_length: Number of words in the n-gram that it was found in; see `Model.full_scores`.
        oov: Whether the word is out of vocabulary.
    """

    log_prob: float
    ngram_length: int
    oov: bool
