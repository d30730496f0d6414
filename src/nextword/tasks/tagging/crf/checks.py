"""Errors for scores that no label sequence can have."""

import torch
from torch import Tensor

from nextword.base import DataError
from nextword.tasks.tagging.crf.chain import Chain


def refuse_impossible(scores: Tensor, chain: Chain) -> None:
    """Raise an error for rows without any allowed label sequence.

    Args:
        scores: A score of each row that is minus infinity if there is none, (batch), in the order
            of the chain.
        chain: The scores of the batch.

    Raises:
        DataError: A score is minus infinity.
    """
    impossible = (scores == -torch.inf).nonzero()
    if len(impossible):
        row = int(impossible[0])
        raise DataError(
            f"the constraints of the CRF forbid all label sequences of row "
            f"{int(chain.order[row])}, which has {int(chain.lengths[row])} positions.",
            help="Allow more labels at the start or end, or leave out the constraints.",
        )


def refuse_unusable(scores: Tensor, chain: Chain) -> None:
    """Raise an error for rows with NaN, or without any allowed label sequence.

    Args:
        scores: As in `refuse_impossible`.
        chain: The scores of the batch.

    Raises:
        DataError: A score is NaN or minus infinity.
    """
    unusable = scores.isnan().nonzero()
    if len(unusable):
        raise DataError(
            f"the emissions of row {int(chain.order[int(unusable[0])])} are not finite.",
            help="Check the model: its weights may have diverged in training.",
        )
    refuse_impossible(scores, chain)
