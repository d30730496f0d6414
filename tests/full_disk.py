"""A disk that is full from the n-th call on that writes.

A shim stands before the functions that create, flush and rename files, and raises what the system
would at the n-th call.
"""

import builtins
import errno
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import nextword.storage.tensors_file


class FullDisk:
    """Raises ENOSPC from the n-th call on."""

    def __init__(self, first: int) -> None:
        self.first, self.num_calls = first, 0

    def before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that fails if the disk is full by then."""

        def call(*arguments: Any, **options: Any) -> Any:
            self.num_calls += 1
            if self.num_calls >= self.first:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a file")
            return real(*arguments, **options)

        return call

    def opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return `open` that fails only for files that are written."""
        full = self.before(real)

        def call(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            writes = any(sign in mode for sign in "wax+") and file != os.devnull
            return (full if writes else real)(file, mode, *arguments, **options)

        return call


@contextmanager
def full_disk(first: int) -> Iterator[FullDisk]:
    """Let the disk be full from the n-th call on that writes."""
    disk = FullDisk(first)
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (os, "fsync"),
            (os, "replace"),
            (os, "rename"),
            (os, "mkdir"),
            (tempfile, "mkstemp"),
            (nextword.storage.tensors_file, "save_file"),
        ):
            patch.setattr(module, name, disk.before(getattr(module, name)))
        opened = disk.opening(io.open)
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        yield disk
