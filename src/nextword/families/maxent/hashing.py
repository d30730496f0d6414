"""From n-grams to slots of a table of a set size.

The slot of an n-gram depends on its words alone, not on the text it was found in: a feature keeps
its weight when others join. The words that follow one context have slots side by side, so that
reading a context's features touches one stretch of memory.

Source: the hash of Mikolov's rnnlm, in shape; its constants are Knuth's and Steele's.
"""

import torch
from jaxtyping import Int64
from torch import Tensor

#: Odd, so that no word is forgotten however long the context is; products wrap at 64 bits.
_MULTIPLIER = 6364136223846793005
_MIXER = -7046029254386353131


def extended(
    hashes: Int64[Tensor, "*places"], words: Int64[Tensor, "*places"]
) -> Int64[Tensor, "*places"]:
    """Give the hash of contexts one word longer.

    Args:
        hashes: Of the contexts so far; 0 of the empty one.
        words: What comes after each.
    """
    return hashes * _MULTIPLIER + (words + 1)


def first_slots(
    hashes: Int64[Tensor, "*places"], *, length: int, num_slots: int, vocab_size: int
) -> Int64[Tensor, "*places"]:
    """Give the slot of id 0 after each context; that of another id is so many slots further on.

    Args:
        hashes: Of the contexts.
        length: Their number of words.
        num_slots: Size of the table, at least `vocab_size`.
        vocab_size: Number of ids.
    """
    mixed = (hashes + length) * _MIXER
    mixed = (mixed ^ (mixed >> 32)) * _MULTIPLIER
    mixed = mixed ^ (mixed >> 29)
    return torch.remainder(mixed, num_slots - vocab_size + 1)
