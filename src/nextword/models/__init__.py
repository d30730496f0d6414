"""Language models behind one contract, and the State that holds what they have read."""

from nextword.models.config import OutputConfig, RecurrentConfig, RegularizationConfig
from nextword.models.contract import LanguageModel, scored
from nextword.models.inference import inference
from nextword.models.neural import NeuralLanguageModel
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.recurrent import RecurrentLanguageModel
from nextword.models.state import State, state_from_bytes

__all__ = [
    "LanguageModel",
    "NeuralLanguageModel",
    "OutputConfig",
    "RecurrentConfig",
    "RecurrentLanguageModel",
    "RegularizationConfig",
    "State",
    "inference",
    "load_parameter_tensors",
    "parameter_tensors",
    "scored",
    "state_from_bytes",
]
