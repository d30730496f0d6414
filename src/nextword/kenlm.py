"""The interface of the Python module `kenlm`, for every nextword model.

    import nextword.kenlm as kenlm

    model = kenlm.Model("model.arpa")
    model.score("this is a sentence .")

Importing it, and loading an ARPA file, does not import torch.
"""

from nextword.interop.kenlm import (
    UNBOUNDED_ORDER,
    ARPALoadComplain,
    Config,
    FullScoreReturn,
    LanguageModel,
    LoadMethod,
    Model,
    ModelFileError,
    Scorer,
    State,
    train,
)

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
