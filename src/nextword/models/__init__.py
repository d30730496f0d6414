"""Language models behind one contract, and the State that holds what they have read."""

from nextword.models.config import OutputConfig, RecurrentConfig, RegularizationConfig
from nextword.models.contract import LanguageModel, scored
from nextword.models.inference import inference
from nextword.models.neural import NeuralLanguageModel
from nextword.models.ngram import NgramLanguageModel, ngram_from_arrays
from nextword.models.ngram_config import NgramConfig
from nextword.models.ngram_training import ngram_from_arpa, train_ngram
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.recurrent import RecurrentLanguageModel
from nextword.models.state import State, state_from_bytes

__all__ = [
    "LanguageModel",
    "NeuralLanguageModel",
    "NgramConfig",
    "NgramLanguageModel",
    "OutputConfig",
    "RecurrentConfig",
    "RecurrentLanguageModel",
    "RegularizationConfig",
    "State",
    "inference",
    "load_parameter_tensors",
    "ngram_from_arpa",
    "ngram_from_arrays",
    "parameter_tensors",
    "scored",
    "state_from_bytes",
    "train_ngram",
]
