"""The base classes of language models, and their State."""

from nextword.models.chunk_length import default_chunk_length
from nextword.models.continuous_cache import ContinuousCacheConfig, ContinuousCacheModel
from nextword.models.contract import CONTEXT, LanguageModel, scored
from nextword.models.identity import ContentIdentity, structure, weight_versions
from nextword.models.inference import inference
from nextword.models.neural import NeuralLanguageModel, scattered
from nextword.models.parameters import (
    check_parameter_shapes,
    load_parameter_tensors,
    parameter_tensors,
)
from nextword.models.state import State, state_from_bytes
from nextword.models.token_window import NO_TOKEN, TokenWindow
from nextword.models.trace import ModelTrace, model_trace
from nextword.models.wrapping import WrappingModel, inner_state, inner_tensors, nested

__all__ = [
    "CONTEXT",
    "NO_TOKEN",
    "ContentIdentity",
    "ContinuousCacheConfig",
    "ContinuousCacheModel",
    "LanguageModel",
    "ModelTrace",
    "NeuralLanguageModel",
    "State",
    "TokenWindow",
    "WrappingModel",
    "check_parameter_shapes",
    "default_chunk_length",
    "inference",
    "inner_state",
    "inner_tensors",
    "load_parameter_tensors",
    "model_trace",
    "nested",
    "parameter_tensors",
    "scattered",
    "scored",
    "state_from_bytes",
    "structure",
    "weight_versions",
]
