"""The contract of language models, the State that holds what they have read, and neural models."""

from nextword.models.contract import LanguageModel, scored
from nextword.models.ends import Ends
from nextword.models.inference import inference
from nextword.models.neural import NeuralLanguageModel, scattered
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.sparse_gradients import SparseTable, sparse_parameters, use_sparse_gradients
from nextword.models.state import State, state_from_bytes
from nextword.models.token_window import NO_TOKEN, TokenWindow

__all__ = [
    "NO_TOKEN",
    "Ends",
    "LanguageModel",
    "NeuralLanguageModel",
    "SparseTable",
    "State",
    "TokenWindow",
    "inference",
    "load_parameter_tensors",
    "parameter_tensors",
    "scattered",
    "scored",
    "sparse_parameters",
    "state_from_bytes",
    "use_sparse_gradients",
]
