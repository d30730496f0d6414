"""The ids that each row of a session has read, for the repetition penalty."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from nextword.tensors import Lengths, Rows, TokenIds


@dataclass(frozen=True, kw_only=True)
class SeenIds:
    """The ids that each row has read. All methods return new values.

    The ids that were read last are kept as they are and marked later, because scoring many short
    texts, one session each, never needs the mask.

    Attributes:
        num_rows: Number of rows.
        vocab_size: Number of token ids.
        marked: True for ids that were read before the last ones, (rows, vocab); None if there are
            none.
        last: The ids that were read last, (rows, time), and the number of valid ones in each row,
            (rows); None if they are marked.
    """

    num_rows: int
    vocab_size: int
    marked: Bool[Tensor, "rows vocab"] | None = None
    last: tuple[TokenIds, Lengths] | None = None

    @classmethod
    def of(cls, mask: Bool[Tensor, "rows vocab"]) -> "SeenIds":
        """Return the ids that a mask marks."""
        return cls(num_rows=len(mask), vocab_size=mask.shape[1], marked=mask)

    def mask(self) -> Bool[Tensor, "rows vocab"]:
        """Return a mask that is True for ids that a row has read; it must not be changed."""
        marked = self.marked
        if marked is None:
            marked = torch.zeros(self.num_rows, self.vocab_size, dtype=torch.bool)
        if self.last is None:
            return marked
        token_ids, lengths = self.last
        is_valid = torch.arange(token_ids.shape[1]) < lengths[:, None]
        rows = torch.arange(self.num_rows)[:, None].expand_as(token_ids)
        marked = marked.clone()
        marked[rows[is_valid], token_ids[is_valid]] = True
        return marked

    def read(self, token_ids: TokenIds, *, lengths: Lengths) -> "SeenIds":
        """Return the ids after each row has read more.

        Args:
            token_ids: The ids, (rows, time).
            lengths: Number of valid ids in each row, (rows).
        """
        marked = self.marked if self.last is None else self.mask()
        return replace(self, marked=marked, last=(token_ids, lengths))

    def select(self, rows: Rows) -> "SeenIds":
        """Return the rows at these indices."""
        return SeenIds.of(self.mask()[rows])

    def concatenate(self, other: "SeenIds") -> "SeenIds":
        """Return these rows, followed by those of another value."""
        return SeenIds.of(torch.cat([self.mask(), other.mask()]))
