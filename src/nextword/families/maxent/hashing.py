"""The hash function that maps n-grams to slots of a table of fixed size.

The slot of an n-gram depends on its words only, so a feature keeps its weight when others are
added. The words that follow one context have adjacent slots, so the features of a context are
contiguous in memory.

Source: the hash of Mikolov's rnnlm toolkit, with the constants of Knuth and Steele.
"""

import torch
from jaxtyping import Int64
from torch import Tensor

#: Odd, so that multiplication modulo 2**64 is a bijection.
_MULTIPLIER = 6364136223846793005
_MIXER = -7046029254386353131


def extended(
    hashes: Int64[Tensor, "*places"], words: Int64[Tensor, "*places"]
) -> Int64[Tensor, "*places"]:
    """Return the hashes of contexts that are one word longer.

    Args:
        hashes: Hashes of the contexts so far; 0 for the empty context.
        words: The next word of each.
    """
    return hashes * _MULTIPLIER + (words + 1)


def first_slots(
    hashes: Int64[Tensor, "*places"], *, length: int, num_slots: int, vocab_size: int
) -> Int64[Tensor, "*places"]:
    """Return the slot of id 0 after each context; id w has the slot w positions later.

    Args:
        hashes: Hashes of the contexts.
        length: Number of words of the contexts.
        num_slots: Size of the table, at least `vocab_size`.
        vocab_size: Number of ids.
    """
    mixed = (hashes + length) * _MIXER
    mixed = (mixed ^ (mixed >> 32)) * _MULTIPLIER
    mixed = mixed ^ (mixed >> 29)
    return torch.remainder(mixed, num_slots - vocab_size + 1)
