"""A token store as sentences that begin with `<s>`; n-grams do not cross their boundaries.

For word tokenizers a sentence is a line, as in KenLM. For all others it is a document, and newlines
are ordinary tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt

from nextword.base import DataError, MismatchError
from nextword.tokens import Reset, Tokenizer, TokenStore


@dataclass(frozen=True, kw_only=True, eq=False)
class Sentences:
    """Token ids of a text, and the positions where `<s>` is inserted.

    Attributes:
        ids: All token ids of the text, without `<s>`; may be memory-mapped.
        starts: Positions in `ids` where a sentence begins, in ascending order.
        start_id: The id of `<s>`.
        end_id: The id of `</s>`.
        skipped_id: An id that is removed from the text; None keeps all.
        vocab_size: Number of ids.
    """

    ids: UInt[np.ndarray, " num_tokens"]
    starts: Int64[np.ndarray, " num_sentences"]
    start_id: int
    end_id: int
    skipped_id: int | None
    vocab_size: int

    @property
    def longest(self) -> int:
        """Number of tokens of the longest sentence, including `<s>`."""
        return 1 + int(np.diff(self.starts, append=len(self.ids)).max(initial=0))

    def whole(self) -> UInt[np.ndarray, " _"]:
        """Return all sentences in one array, each after its `<s>`."""
        return self._piece(0, len(self.ids))

    def pieces(self, max_tokens: int) -> Iterator[UInt[np.ndarray, " _"]]:
        """Iterate over the array of `whole` in pieces of about `max_tokens` ids."""
        for begin in range(0, len(self.ids), max_tokens):
            yield self._piece(begin, min(begin + max_tokens, len(self.ids)))

    def _piece(self, begin: int, end: int) -> UInt[np.ndarray, " _"]:
        first, last = np.searchsorted(self.starts, [begin, end])
        words = np.asarray(self.ids[begin:end])
        padded = np.insert(words, self.starts[first:last] - begin, self.start_id)
        return padded if self.skipped_id is None else padded[padded != self.skipped_id]


def sentences_of(
    store: TokenStore, tokenizer: Tokenizer, *, skip_unknown: bool = False
) -> Sentences:
    """Return the sentences of a text; n-grams do not cross their boundaries.

    Args:
        store: The text.
        tokenizer: The tokenizer that encoded it.
        skip_unknown: Remove `<unk>` from the text, as `lmplz --skip_symbols` does.

    Raises:
        MismatchError: The store was encoded by another tokenizer.
        DataError: No token is left to count.
    """
    if store.fingerprint != tokenizer.fingerprint:
        raise MismatchError(
            f"the token store was encoded by another tokenizer ({store.fingerprint[:12]}, not "
            f"{tokenizer.fingerprint[:12]}).",
            help="Encode the text with the model's tokenizer.",
        )
    num_counted = store.num_tokens
    if skip_unknown:
        num_counted -= sum(
            int(np.count_nonzero(ids == tokenizer.unknown_id)) for _, ids in store.parts_of_ids()
        )
    if not num_counted:
        raise DataError(
            f"none of the {store.num_tokens:,} tokens can be counted: all are unknown or skipped.",
            help="Use a text with words of the vocabulary, or set model.unknown=closed.",
        )
    unit: Reset = "line" if tokenizer.has_line_end_token else "document"
    return Sentences(
        ids=store.ids,
        starts=store.unit_starts(unit, tokenizer.line_end_ids)[:-1],
        start_id=tokenizer.sentence_start_id,
        end_id=tokenizer.sentence_end_id,
        skipped_id=tokenizer.unknown_id if skip_unknown else None,
        vocab_size=tokenizer.vocab_size,
    )
