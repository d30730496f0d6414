"""A token store as sentences that each begin with `<s>`: what n-grams are counted in.

For kind `word` a line is a sentence, as for KenLM; for the other kinds a document is one, and
newlines are tokens like any other. Knows nothing of counting.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt

from nextword.base import DataError, MismatchError
from nextword.tokens import Reset, Tokenizer, TokenStore


@dataclass(frozen=True, kw_only=True, eq=False)
class Sentences:
    """Token ids, and where `<s>` goes between them.

    Attributes:
        ids: Every token of the text, without `<s>`; may be memory-mapped.
        starts: Rising positions before which a sentence begins.
        start_id: The id of `<s>`.
        end_id: The id of `</s>`.
        skipped_id: An id that is left out, as if the text did not have it; None keeps all.
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
        """Number of tokens of the longest sentence, its `<s>` included."""
        return 1 + int(np.diff(self.starts, append=len(self.ids)).max(initial=0))

    def whole(self) -> UInt[np.ndarray, " _"]:
        """Give all sentences in one array, each after its `<s>`."""
        return self._piece(0, len(self.ids))

    def pieces(self, max_tokens: int) -> Iterator[UInt[np.ndarray, " _"]]:
        """Give the same array in pieces of about `max_tokens`; joined they are `whole`."""
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
    """Cut a text into the sentences that n-grams do not reach across.

    Args:
        store: The text.
        tokenizer: What made the store.
        skip_unknown: Leave `<unk>` out of the text, as `lmplz --skip_symbols` does.

    Raises:
        MismatchError: Another tokenizer made the store.
        DataError: No token is left to count.
    """
    if store.fingerprint != tokenizer.fingerprint:
        raise MismatchError(
            f"the token store was made by another tokenizer ({store.fingerprint[:12]}, not "
            f"{tokenizer.fingerprint[:12]}).",
            help="Encode the text with the model's own tokenizer.",
        )
    num_counted = store.num_tokens
    if skip_unknown:
        num_counted -= int(np.count_nonzero(np.asarray(store.ids) == tokenizer.unknown_id))
    if not num_counted:
        raise DataError(
            f"none of the {store.num_tokens:,} tokens can be counted: all are unknown or skipped.",
            help="Give a text in the tokenizer's vocabulary, or set model.unknown=closed.",
        )
    unit: Reset = "line" if tokenizer.kind == "word" else "document"
    return Sentences(
        ids=store.ids,
        starts=store.unit_starts(unit, tokenizer.line_end_ids)[:-1],
        start_id=tokenizer.sentence_start_id,
        end_id=tokenizer.sentence_end_id,
        skipped_id=tokenizer.unknown_id if skip_unknown else None,
        vocab_size=tokenizer.vocab_size,
    )
