"""Language models behind one contract, and the State that holds what they have read."""

from nextword.models.config import RegularizationConfig, require_no_time_loop
from nextword.models.contract import LanguageModel, scored
from nextword.models.convolutional_config import ConvolutionalConfig
from nextword.models.ends import Ends
from nextword.models.ends_config import input_size, network_ends
from nextword.models.identity import ContentIdentity, structure
from nextword.models.inference import inference
from nextword.models.maxent import MaxEntLanguageModel
from nextword.models.maxent_config import MaxEntConfig
from nextword.models.neural import NeuralLanguageModel
from nextword.models.neural_configs import NEURAL_CONFIGS, ModelConfig, NeuralConfig
from nextword.models.ngram import NgramLanguageModel, ngram_from_arrays
from nextword.models.ngram_arpa import ngram_from_arpa, ngram_to_arpa
from nextword.models.ngram_config import NgramConfig
from nextword.models.ngram_plan import NgramEstimate, estimate_ngram
from nextword.models.ngram_training import train_ngram
from nextword.models.parameters import (
    check_parameter_shapes,
    load_parameter_tensors,
    parameter_tensors,
)
from nextword.models.recurrent import RecurrentLanguageModel
from nextword.models.recurrent_config import RecurrentConfig, RecurrentSettings
from nextword.models.state import State, state_from_bytes
from nextword.models.token_window import TokenWindow
from nextword.models.transformer import TransformerLanguageModel
from nextword.models.transformer_config import TransformerConfig
from nextword.models.window import WindowLanguageModel
from nextword.models.window_config import WindowConfig

__all__ = [
    "NEURAL_CONFIGS",
    "ContentIdentity",
    "ConvolutionalConfig",
    "Ends",
    "LanguageModel",
    "MaxEntConfig",
    "MaxEntLanguageModel",
    "ModelConfig",
    "NeuralConfig",
    "NeuralLanguageModel",
    "NgramConfig",
    "NgramEstimate",
    "NgramLanguageModel",
    "RecurrentConfig",
    "RecurrentLanguageModel",
    "RecurrentSettings",
    "RegularizationConfig",
    "State",
    "TokenWindow",
    "TransformerConfig",
    "TransformerLanguageModel",
    "WindowConfig",
    "WindowLanguageModel",
    "check_parameter_shapes",
    "estimate_ngram",
    "inference",
    "input_size",
    "load_parameter_tensors",
    "network_ends",
    "ngram_from_arpa",
    "ngram_from_arrays",
    "ngram_to_arpa",
    "parameter_tensors",
    "require_no_time_loop",
    "scored",
    "state_from_bytes",
    "structure",
    "train_ngram",
]
