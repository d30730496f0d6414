"""Banded attention: every position attends to itself and a fixed number of earlier positions.

Only the distance between positions matters, not their index in the text. So the results are the
same whether a text is read at once, in chunks or token by token, and its length is not limited.
"""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

#: Minimum number of queries per matrix product, so that narrow bands are still efficient.
_MIN_BLOCK = 64


def banded_attention(
    queries: Float[Tensor, "batch time hidden"],
    keys: Float[Tensor, "batch places hidden"],
    *,
    values: Float[Tensor, "batch places hidden"],
    distance_bias: Float[Tensor, "heads context"],
    num_before: Int64[Tensor, " batch"],
) -> Float[Tensor, "batch time hidden"]:
    """Compute scaled dot-product attention of each query to the keys in its band.

    The weights of a head are the softmax over the distances d from 0 to context - 1 of
    q[t] · k[t-d] / √width + b[d]. Queries are processed in blocks, so memory per query grows with
    the band and not with the length of the text.

    Args:
        queries: One per position, (batch, time, hidden).
        keys: Keys of the context - 1 positions before the first query, then one per position,
            (batch, context - 1 + time, hidden).
        values: Values of the same positions.
        distance_bias: b, the bias of each head and distance, (heads, context).
        num_before: Number of positions before the first query that exist in each row, (batch);
            earlier ones are masked.

    Returns:
        The weighted means of the values, (batch, time, hidden).

    Example:
        >>> values = torch.tensor([[[9.0], [1.0], [2.0], [6.0]]])  # the first one is masked
        >>> banded_attention(
        ...     torch.zeros(1, 3, 1), torch.zeros(1, 4, 1), values=values,
        ...     distance_bias=torch.zeros(1, 2), num_before=torch.tensor([0]),
        ... ).flatten().tolist()
        [1.0, 1.5, 4.0]
    """
    num_heads, context_size = distance_bias.shape
    num_steps = queries.shape[1]
    if num_steps == 0:
        return queries
    all_there = bool((num_before >= context_size - 1).all())
    queries, keys, values = (_by_head(part, num_heads) for part in (queries, keys, values))
    block = max(context_size, _MIN_BLOCK)
    outputs = []
    for start in range(0, num_steps, block):
        count = min(block, num_steps - start)
        end = start + context_size - 1 + count
        bias = _band(distance_bias, count)
        if not all_there and start < context_size - 1:
            bias = _hide_absent(bias, num_before + start, context_size)
        outputs.append(
            functional.scaled_dot_product_attention(
                queries[:, :, start : start + count],
                keys[:, :, start:end],
                values[:, :, start:end],
                attn_mask=bias,
            )
        )
    return torch.cat(outputs, dim=2).transpose(1, 2).flatten(2)


def linear_slopes(num_heads: int, context_size: int) -> Float[Tensor, "heads context"]:
    """Return biases that decrease linearly with the distance, with another slope for each head.

    The slope of head i is 2^(-8 i / heads).

    Args:
        num_heads: Number of heads.
        context_size: Number of distances.

    Source: [press2022].

    Example:
        >>> linear_slopes(2, 3).tolist()
        [[-0.0, -0.0625, -0.125], [-0.0, -0.00390625, -0.0078125]]
    """
    slopes = 2.0 ** (-8.0 * torch.arange(1, num_heads + 1) / num_heads)
    return -slopes[:, None] * torch.arange(context_size)


def _by_head(
    vectors: Float[Tensor, "batch places hidden"], num_heads: int
) -> Float[Tensor, "batch heads places width"]:
    batch_size, num_places, hidden_size = vectors.shape
    by_head = vectors.view(batch_size, num_places, num_heads, hidden_size // num_heads)
    return by_head.transpose(1, 2)


def _band(
    distance_bias: Float[Tensor, "heads context"], num_queries: int
) -> Float[Tensor, "heads time places"]:
    """Return the bias of each query and position; -inf outside the query's band.

    The rows are shifted copies of each other, so all are windows of one padded vector.
    """
    outside = num_queries - 1
    places = distance_bias.shape[1] + outside
    padded = functional.pad(distance_bias.flip(1), (outside, outside), value=-math.inf)
    return padded.unfold(1, places, 1).flip(1)


def _hide_absent(
    bias: Float[Tensor, "heads time places"],
    num_before: Int64[Tensor, " batch"],
    context_size: int,
) -> Float[Tensor, "batch heads time places"]:
    """Mask in every row the positions before its first token."""
    places = torch.arange(bias.shape[2], device=bias.device)
    absent = places < context_size - 1 - num_before[:, None]
    return bias[None].masked_fill(absent[:, None, None, :], -math.inf)
