"""Loading the model that a command is given."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.api import Model


def load_model(name: str, *, device: str) -> "Model":
    """Tune the process and load a model from a run folder or a model folder."""
    from nextword import api
    from nextword.tensors import tune_process

    tune_process()
    return api.load(name, device=device)
