"""Cells, outputs and families that a test registers go again when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from nextword.base import Registry
from nextword.cells import CELLS
from nextword.families import FAMILIES
from nextword.layers import OUTPUTS

REGISTRIES: tuple[Registry, ...] = (CELLS, OUTPUTS, FAMILIES)  # type: ignore[type-arg]


@contextmanager
def registries_restored() -> Iterator[None]:
    """Let the block register what it likes, and forget it afterwards."""
    before = [dict(registry) for registry in REGISTRIES]
    try:
        yield
    finally:
        for registry, known in zip(REGISTRIES, before, strict=True):
            registry._values = known
