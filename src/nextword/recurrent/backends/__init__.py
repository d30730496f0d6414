"""Ways to run a layer over time; every one is proved equal to the reference."""

from nextword.recurrent.backends.choice import BACKENDS, Backend, choose_backend, lacks_kernels

__all__ = ["BACKENDS", "Backend", "choose_backend", "lacks_kernels"]
