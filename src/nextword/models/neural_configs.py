"""The settings of every neural family by name: what `model.*` may be, beside those of n-grams."""

from typing import Protocol, runtime_checkable

from nextword.base import Registry
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.models.config import RegularizationConfig
from nextword.models.convolutional_config import ConvolutionalConfig
from nextword.models.maxent_config import MaxEntConfig
from nextword.models.neural import NeuralLanguageModel
from nextword.models.recurrent_config import RecurrentConfig
from nextword.models.transformer_config import TransformerConfig
from nextword.models.window_config import WindowConfig


@runtime_checkable
class ModelConfig(Protocol):
    """The settings of a family: a frozen dataclass."""

    @property
    def family(self) -> str:
        """Its name, as in `model.family`; a literal in the dataclass."""

    def describe(self) -> str:
        """Say in a few words what it is."""


@runtime_checkable
class NeuralConfig(Protocol):
    """The settings of a neural family, which build its models; they are a `ModelConfig` as well."""

    def describe(self) -> str:
        """Say in a few words what it is."""

    def build(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        embedding: EmbeddingConfig | None = None,
        output: OutputConfig | None = None,
        backend: str = "auto",
    ) -> NeuralLanguageModel:
        """Build a model, its weights drawn from torch's generator.

        Args:
            vocab_size: Number of token ids.
            boundary_id: The id that is read before the first token of a text.
            never_ids: Ids that are never predicted.
            regularization: What is disturbed in training.
            embedding: What stands for tokens.
            output: How they are predicted.
            backend: How layers are run over time, where there are any.
        """


#: Families that are trained; one from outside enters by `nextword.register_family`.
NEURAL_CONFIGS: Registry[type[NeuralConfig]] = Registry(
    {
        "recurrent": RecurrentConfig,
        "maxent": MaxEntConfig,
        "window": WindowConfig,
        "convolutional": ConvolutionalConfig,
        "transformer": TransformerConfig,
    },
    setting="model.family",
    register="nextword.register_family",
    reserved=("ngram",),
)
