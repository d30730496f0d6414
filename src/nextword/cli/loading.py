"""Loading the model of a command."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.api import Model


def load_model(
    name: str, *, device: str, encoding: str | None = None, quiet: bool = False
) -> "Model":
    """Set up threads and memory of the process, and load a model.

    Args:
        name: A run folder, a model folder, an ARPA file, or `hf:` and a name or folder.
        device: Device of the model's parameters.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        quiet: Whether to show no progress.
    """
    from nextword import api
    from nextword.cli.progress import make_progress
    from nextword.tensors import tune_process

    tune_process()
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        return api.load(name, device=device, encoding=encoding, on_progress=progress.on_progress)
