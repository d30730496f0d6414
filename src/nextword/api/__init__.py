"""The library in a few names: load a model, use it, train one.

The command line and every other front door call what is here.
"""

from nextword.api.loading import load
from nextword.api.model import Model
from nextword.api.training import DEFAULT_RECIPE, plan, run_config, train

__all__ = [
    "DEFAULT_RECIPE",
    "Model",
    "load",
    "plan",
    "run_config",
    "train",
]
