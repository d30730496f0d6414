"""The library in a few names: load a model, use it, train one.

The command line and every other front door call what is here.
"""

from nextword.api.families import FAMILIES, build_neural, register_family
from nextword.api.loading import load
from nextword.api.model import Model
from nextword.api.training import DEFAULT_RECIPE, plan, run_config, train

__all__ = [
    "DEFAULT_RECIPE",
    "FAMILIES",
    "Model",
    "build_neural",
    "load",
    "plan",
    "register_family",
    "run_config",
    "train",
]
