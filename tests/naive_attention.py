"""Attention in a band as a person would do it: one query, one head, one place after the other."""

import math

import torch
from torch import Tensor


def naive_attention(
    queries: Tensor, keys: Tensor, values: Tensor, *, distance_bias: Tensor, num_before: Tensor
) -> Tensor:
    """Give what `banded_attention` should."""
    num_heads, context_size = distance_bias.shape
    width = queries.shape[2] // num_heads
    outputs = []
    for row in range(len(queries)):
        for step in range(queries.shape[1]):
            last = context_size - 1 + step
            reach = min(context_size, int(num_before[row]) + step + 1)
            for head in range(num_heads):
                part = slice(head * width, (head + 1) * width)
                scores = torch.stack(
                    [
                        queries[row, step, part]
                        @ keys[row, last - distance, part]
                        / math.sqrt(width)
                        + distance_bias[head, distance]
                        for distance in range(reach)
                    ]
                )
                weights = scores.softmax(0)
                seen = [values[row, last - distance, part] for distance in range(reach)]
                outputs.append((weights[:, None] * torch.stack(seen)).sum(0))
    return torch.stack(outputs).view(queries.shape)
