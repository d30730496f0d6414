"""Batches of encoded pairs: padded sources and targets."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.decoding import TargetBatch
from nextword.tensors import Lengths

#: Token ids of a batch of sources, between start and end tokens.
SourceIds = Int64[Tensor, "batch source"]


@dataclass(frozen=True, kw_only=True)
class PairBatch:
    """A batch of sources, and of targets for training.

    Attributes:
        source_ids: Between a start and an end token, padded, (batch, source).
        source_lengths: Number of tokens in each row, (batch).
        targets: The targets.
    """

    source_ids: SourceIds
    source_lengths: Lengths
    targets: TargetBatch

    def to(self, device: torch.device) -> "PairBatch":
        """Return the batch on a device."""
        return PairBatch(
            source_ids=self.source_ids.to(device),
            source_lengths=self.source_lengths.to(device),
            targets=self.targets.to(device),
        )
