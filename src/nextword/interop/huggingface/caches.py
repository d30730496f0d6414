"""Tensors in the cache of a transformers model, whatever the class of the cache.

Caches of keys and values, convolution states and scan states have many classes. All are containers
of tensors whose first axis is the batch; nothing else is assumed here.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

#: A cache as transformers returns it.
Cache = Any


def cache_tensors(cache: Cache) -> list[Tensor]:
    """Return the tensors in a cache, in an order that depends only on its structure.

    Tensors without axes are left out: they are settings and have no rows.

    Args:
        cache: A cache returned by transformers.

    Returns:
        Tensors whose first axis is the batch.

    Example:
        >>> [tensor.shape for tensor in cache_tensors({"keys": [torch.zeros(2, 3)], "length": 3})]
        [torch.Size([2, 3])]
    """
    return list(_walk(cache, set()))


def rebuilt(cache: Cache, tensors: Sequence[Tensor]) -> Cache:
    """Return a copy of a cache with other tensors.

    Changes to the copy do not affect the cache. The new tensors are not copied.

    Args:
        cache: The cache whose structure is copied.
        tensors: One for each of `cache_tensors(cache)`, in that order.
    """
    replacements = {id(old): new for old, new in zip(cache_tensors(cache), tensors, strict=True)}
    return copy.deepcopy(cache, replacements)


def cache_rows(cache: Cache, rows: torch.Tensor) -> Cache:
    """Return a copy of a cache with the given rows, in the given order.

    Args:
        cache: The cache.
        rows: Indices into the batch, (rows).
    """
    return rebuilt(cache, [tensor.index_select(0, rows) for tensor in cache_tensors(cache)])


def joined(caches: Sequence[Cache]) -> Cache:
    """Return one cache with the rows of all caches; None if the first is None."""
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
