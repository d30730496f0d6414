"""What a transformers model remembers, whatever its class: the tensors in it, out and in.

Keys and values, convolution and scan states come in many classes. All of them are containers of
tensors whose first axis is the row, and that is all that is asked of them here.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

#: A cache as transformers hands it out.
Cache = Any


def cache_tensors(cache: Cache) -> list[Tensor]:
    """Give the tensors in a cache, in an order that depends on its structure alone.

    Single numbers are left out: they are settings, and have no rows.

    Example:
        >>> [tensor.shape for tensor in cache_tensors({"keys": [torch.zeros(2, 3)], "length": 3})]
        [torch.Size([2, 3])]
    """
    return list(_walk(cache, set()))


def rebuilt(cache: Cache, tensors: Sequence[Tensor]) -> Cache:
    """Give a copy of a cache with other tensors in the places of its own.

    Nothing that is done to the copy reaches the cache; the tensors are not copied.

    Args:
        cache: Gives the structure.
        tensors: As many as `cache_tensors` gives, in its order.
    """
    replacements = {id(old): new for old, new in zip(cache_tensors(cache), tensors, strict=True)}
    return copy.deepcopy(cache, replacements)


def cache_rows(cache: Cache, rows: torch.Tensor) -> Cache:
    """Give a copy of a cache that holds these rows, in this order."""
    return rebuilt(cache, [tensor.index_select(0, rows) for tensor in cache_tensors(cache)])


def joined(caches: Sequence[Cache]) -> Cache:
    """Give one cache with the rows of all; None where there is none."""
    if caches[0] is None:
        return None
    parts = zip(*map(cache_tensors, caches), strict=True)
    return rebuilt(caches[0], [torch.cat(rows) for rows in parts])


def _walk(part: Any, seen: set[int]) -> Iterator[Tensor]:
    if id(part) in seen or isinstance(part, type | torch.dtype | torch.device):
        return
    seen.add(id(part))
    if isinstance(part, Tensor):
        if part.ndim:
            yield part
        return
    if isinstance(part, dict):
        inner = list(part.values())
    elif isinstance(part, list | tuple):
        inner = list(part)
    else:
        inner = list(vars(part).values()) if hasattr(part, "__dict__") else []
    for each in inner:
        yield from _walk(each, seen)
