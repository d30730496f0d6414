"""The interface of the Python module `kenlm`, for every nextword model.

Users import it as `nextword.kenlm`. Importing it, and loading an ARPA file, does not import torch.
"""

from nextword.interop.kenlm.config import ARPALoadComplain, Config, LoadMethod
from nextword.interop.kenlm.errors import ModelFileError
from nextword.interop.kenlm.model import LanguageModel, Model
from nextword.interop.kenlm.scorer import UNBOUNDED_ORDER, Scorer
from nextword.interop.kenlm.state import FullScoreReturn, State
from nextword.interop.kenlm.training import train

__all__ = [
    "UNBOUNDED_ORDER",
    "ARPALoadComplain",
    "Config",
    "FullScoreReturn",
    "LanguageModel",
    "LoadMethod",
    "Model",
    "ModelFileError",
    "Scorer",
    "State",
    "train",
]
