"""Batches of encoded targets, and padding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64

from nextword.tensors import Lengths, TokenIds
from nextword.tokens import VocabularyTokenizer

#: Token ids of one text; texts of a batch have different lengths, hence no name of the axis.
Ids = Int64[np.ndarray, " _"]


@dataclass(frozen=True, kw_only=True)
class TargetBatch:
    """A batch of targets, for training.

    Attributes:
        input_ids: The target after a start token, padded, (batch, time).
        target_ids: The target before an end token, padded, (batch, time).
        lengths: Number of tokens in each row of both, (batch).
    """

    input_ids: TokenIds
    target_ids: TokenIds
    lengths: Lengths

    def to(self, device: torch.device) -> "TargetBatch":
        """Return the batch on a device."""
        tensors = {name: getattr(self, name).to(device) for name in self.__dataclass_fields__}
        return TargetBatch(**tensors)


def target_batch(targets: Sequence[Ids], tokenizer: VocabularyTokenizer) -> TargetBatch:
    """Return encoded targets as a batch.

    Args:
        targets: Token ids of each target.
        tokenizer: The tokenizer of targets.
    """
    start, end = [tokenizer.sentence_start_id], [tokenizer.sentence_end_id]
    pad_id = tokenizer.pad_id
    input_ids, lengths = padded([np.concatenate([start, ids]) for ids in targets], pad_id=pad_id)
    target_ids, _ = padded([np.concatenate([ids, end]) for ids in targets], pad_id=pad_id)
    return TargetBatch(input_ids=input_ids, target_ids=target_ids, lengths=lengths)


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
