"""What would make a training faster, said once on standard error. Knows no commands."""

from nextword.cli.output import remark
from nextword.training import Callback


class KernelAdvice(Callback):
    """Says how to get the compiled kernels, where a training would be faster with them."""

    def on_missing_kernels(self) -> None:
        """Say it."""
        remark(
            "note: the compiled kernels, which train faster, are not installed.\n"
            "help: Run make kernels, or pip install ./kernels, in nextword's source folder."
        )
