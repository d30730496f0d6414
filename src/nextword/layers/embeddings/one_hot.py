"""One-hot vectors: what a network reads that has no embedding table."""

from jaxtyping import Float, Int64
from torch import Tensor


def one_hot(
    token_ids: Int64[Tensor, "batch time"], vocab_size: int, *, like: Float[Tensor, "..."]
) -> Float[Tensor, "batch time vocab"]:
    """Give x[t]: 1 at the token's own place, 0 elsewhere.

    A matrix times such a vector is one of the matrix's columns, so a layer over one-hot vectors
    keeps its embedding table in its own weight. The vectors are written out, as wide as the
    vocabulary: meant for small ones.

    Args:
        token_ids: Ids, (batch, time).
        vocab_size: Width of a vector.
        like: Gives type and device.

    Source: lectures 000 and 001.

    Example:
        >>> import torch
        >>> one_hot(torch.tensor([[2, 0]]), 3, like=torch.ones(())).tolist()
        [[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]]
    """
    vectors = like.new_zeros(*token_ids.shape, vocab_size)
    return vectors.scatter_(2, token_ids[:, :, None], 1.0)
