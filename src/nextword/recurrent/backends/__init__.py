"""Implementations of a recurrent layer over time; the tests compare each with the reference."""

from nextword.recurrent.backends.choice import BACKENDS, Backend, choose_backend, lacks_kernels

__all__ = ["BACKENDS", "Backend", "choose_backend", "lacks_kernels"]
