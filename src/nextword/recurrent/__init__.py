"""Cells over time: stacks, dropout kinds and backends. Knows nothing of words or losses."""

from nextword.recurrent.backends import BACKENDS, Backend, choose_backend
from nextword.recurrent.dropout import Dropout, LockedDropout, embed, keep_mask
from nextword.recurrent.stack import RecurrentStack, StackState

__all__ = [
    "BACKENDS",
    "Backend",
    "Dropout",
    "LockedDropout",
    "RecurrentStack",
    "StackState",
    "choose_backend",
    "embed",
    "keep_mask",
]
