"""Advice on standard error about how to train faster. Knows no commands."""

from nextword.cli.output import remark
from nextword.training import Callback


class KernelAdvice(Callback):
    """Callback that recommends the compiled kernels if training would be faster with them."""

    def on_missing_kernels(self) -> None:
        """Print how to install the kernels."""
        remark(
            "note: the compiled kernels, which make training faster, are not installed.\n"
            "help: Run make kernels, or pip install ./kernels, in nextword's source folder."
        )
