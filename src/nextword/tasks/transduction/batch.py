"""Batches of encoded pairs: padded sources and targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.tensors import Lengths, TokenIds

#: Token ids of one text; texts of a batch have different lengths, hence no name of the axis.
Ids = Int64[np.ndarray, " _"]
#: Token ids of a batch of sources, between start and end tokens.
SourceIds = Int64[Tensor, "batch source"]


@dataclass(frozen=True, kw_only=True)
class PairBatch:
    """A batch of sources, and of targets for training.

    Attributes:
        source_ids: Between a start and an end token, padded, (batch, source).
        source_lengths: Number of tokens in each row, (batch).
        input_ids: The target after a start token, padded, (batch, time).
        target_ids: The target before an end token, padded, (batch, time).
        target_lengths: Number of tokens in each row of both, (batch).
    """

    source_ids: SourceIds
    source_lengths: Lengths
    input_ids: TokenIds
    target_ids: TokenIds
    target_lengths: Lengths

    def to(self, device: torch.device) -> "PairBatch":
        """Return the batch on a device."""
        tensors = {name: getattr(self, name).to(device) for name in self.__dataclass_fields__}
        return PairBatch(**tensors)


def padded(rows: Sequence[Ids], *, pad_id: int) -> tuple[TokenIds, Lengths]:
    """Return rows of token ids as one tensor, and their lengths.

    Args:
        rows: Token ids of each row.
        pad_id: Id of the padding token.
    """
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    table = np.full((len(rows), int(lengths.max(initial=0))), pad_id, dtype=np.int64)
    table[np.arange(table.shape[1]) < lengths[:, None]] = np.concatenate(rows) if rows else ()
    return torch.from_numpy(table), torch.from_numpy(lengths)
