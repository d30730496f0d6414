"""The families of language models: settings, model, fitting and loading of each in one place.

A family is a settings class in `FAMILIES`; see `contract`. `recurrent` is a file, the larger
families are folders. The other files contain what several families share.
"""

from nextword.families.contract import FitJob, ModelConfig, NetworkSpec, NeuralModelConfig
from nextword.families.count_estimate import CountEstimate
from nextword.families.maxent import MaxEntConfig, MaxEntLanguageModel
from nextword.families.mixture import (
    LineResetModel,
    MemberScores,
    MixtureConfig,
    MixtureLanguageModel,
    MixtureMethod,
    ngram_of,
    with_line_resets,
)
from nextword.families.network import build_token_layers, input_size, require_no_recurrence
from nextword.families.ngram import (
    NgramConfig,
    NgramLanguageModel,
    ngram_from_arpa,
    ngram_to_arpa,
    train_ngram,
)
from nextword.families.recurrent import (
    RecurrentConfig,
    RecurrentLanguageModel,
    RecurrentSettings,
    idle_cell_settings,
)
from nextword.families.registry import FAMILIES, AnyModelConfig, register_family
from nextword.families.regularization import RegularizationConfig
from nextword.families.settings import ModelSettings, decode_model_settings
from nextword.families.transformer import TransformerConfig, TransformerLanguageModel
from nextword.families.window import ConvolutionalConfig, WindowConfig, WindowLanguageModel

__all__ = [
    "FAMILIES",
    "AnyModelConfig",
    "ConvolutionalConfig",
    "CountEstimate",
    "FitJob",
    "LineResetModel",
    "MaxEntConfig",
    "MaxEntLanguageModel",
    "MemberScores",
    "MixtureConfig",
    "MixtureLanguageModel",
    "MixtureMethod",
    "ModelConfig",
    "ModelSettings",
    "NetworkSpec",
    "NeuralModelConfig",
    "NgramConfig",
    "NgramLanguageModel",
    "RecurrentConfig",
    "RecurrentLanguageModel",
    "RecurrentSettings",
    "RegularizationConfig",
    "TransformerConfig",
    "TransformerLanguageModel",
    "WindowConfig",
    "WindowLanguageModel",
    "build_token_layers",
    "decode_model_settings",
    "idle_cell_settings",
    "input_size",
    "ngram_from_arpa",
    "ngram_of",
    "ngram_to_arpa",
    "register_family",
    "require_no_recurrence",
    "train_ngram",
    "with_line_resets",
]

# The members of a mixture are models of any family: its settings need the registry, and join it
# when the registry is complete.
register_family(MixtureConfig)
