"""Attention in a band: every position looks at itself and at a fixed number of places before it.

Where a place lies in the text does not enter, only how far back it lies. So a text read whole, in
chunks or a token at a time gives the same numbers, and may go on for ever.
"""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

#: Fewest queries that are multiplied at once, so that a narrow band makes no tiny products.
_MIN_BLOCK = 64


def banded_attention(
    queries: Float[Tensor, "batch time hidden"],
    keys: Float[Tensor, "batch places hidden"],
    values: Float[Tensor, "batch places hidden"],
    *,
    distance_bias: Float[Tensor, "heads context"],
    num_before: Int64[Tensor, " batch"],
) -> Float[Tensor, "batch time hidden"]:
    """Give for each query the mean of the values in its band, weighted by how well keys match.

    Per head, softmax over the distances d from 0 to context - 1 of q[t] · k[t-d] / √width + b[d].
    Queries are taken in blocks, so that memory and time grow with the band, not with the text.

    Args:
        queries: One a position.
        keys: Those of context - 1 places before the first query, then one a position.
        values: Beside the keys.
        distance_bias: b, what a head adds for each distance; its shape says how many heads there
            are and how many places they see.
        num_before: How many places before the first query are there in each row; the others, left
            of them, are not looked at.

    Example:
        >>> values = torch.tensor([[[9.0], [1.0], [2.0], [6.0]]])  # the first place is not there
        >>> banded_attention(
        ...     torch.zeros(1, 3, 1), torch.zeros(1, 4, 1), values,
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
    """Give a bias that falls with the distance, for each head by another slope.

    Slopes are 2^(-8 i / heads) for head i: some heads look near, some look at all alike.

    Source: Press et al. (2022), attention with linear biases.

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
    """Lay the bias out for each query and place: -inf where the place is not in its band.

    Row t is the row of the last query, shifted: each is a window of one padded vector.
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
    """Hide from every row the places before its text begins."""
    places = torch.arange(bias.shape[2], device=bias.device)
    absent = places < context_size - 1 - num_before[:, None]
    return bias[None].masked_fill(absent[:, None, None, :], -math.inf)
