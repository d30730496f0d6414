"""One-hot vectors: the inputs of a network without an embedding table."""

from jaxtyping import Float, Int64
from torch import Tensor


def one_hot(
    token_ids: Int64[Tensor, "batch time"], vocab_size: int, *, like: Float[Tensor, "..."]
) -> Float[Tensor, "batch time vocab"]:
    """Return one-hot vectors x[t]: 1 at the token's id, 0 elsewhere.

    A matrix times such a vector is a column of the matrix, so the input weight of the layer above
    serves as embedding table. The vectors are dense, which suits small vocabularies only.

    Args:
        token_ids: Ids, (batch, time).
        vocab_size: Width of a vector.
        like: Its dtype and device are those of the vectors.

    Returns:
        (batch, time, vocab).

    Source: [lecture-000] and [lecture-001].

    Example:
        >>> import torch
        >>> one_hot(torch.tensor([[2, 0]]), 3, like=torch.ones(())).tolist()
        [[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]]
    """
    vectors = like.new_zeros(*token_ids.shape, vocab_size)
    return vectors.scatter_(2, token_ids[:, :, None], 1.0)
