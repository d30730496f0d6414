"""The contract of language models, the State that holds what they have read, and neural models."""

from nextword.models.contract import LanguageModel, scored
from nextword.models.inference import inference
from nextword.models.neural import NeuralLanguageModel, scattered
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.state import State, state_from_bytes
from nextword.models.token_window import NO_TOKEN, TokenWindow
from nextword.models.trace import ModelTrace, model_trace

__all__ = [
    "NO_TOKEN",
    "LanguageModel",
    "ModelTrace",
    "NeuralLanguageModel",
    "State",
    "TokenWindow",
    "inference",
    "load_parameter_tensors",
    "model_trace",
    "parameter_tensors",
    "scattered",
    "scored",
    "state_from_bytes",
]
