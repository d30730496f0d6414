"""The backend with compiled CPU kernels, available if nextword-kernels is installed."""

from nextword.recurrent.backends.native.contract import RecurrentKernel
from nextword.recurrent.backends.native.diagonal import recurrence
from nextword.recurrent.backends.native.kernels import ElmanKernel, GruKernel, LstmKernel
from nextword.recurrent.backends.native.layer import (
    NOISE,
    is_missed,
    run_kernel,
    run_layer,
    supports,
)

__all__ = [
    "NOISE",
    "ElmanKernel",
    "GruKernel",
    "LstmKernel",
    "RecurrentKernel",
    "is_missed",
    "recurrence",
    "run_kernel",
    "run_layer",
    "supports",
]
