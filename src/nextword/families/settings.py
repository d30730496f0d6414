"""The settings that define a model, as stored in a model folder."""

from dataclasses import dataclass, field

from nextword.base import Values, decode, settings
from nextword.families.contract import NetworkSpec
from nextword.families.recurrent import RecurrentConfig
from nextword.families.registry import AnyModelConfig
from nextword.families.regularization import RegularizationConfig
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.tokens import VocabularySpec


@settings()
@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The sections of the settings that define a model.

    Attributes:
        model: The family and its architecture.
        embedding: The input embedding.
        output: The output head.
        regularization: Dropout and other noise in training.
    """

    model: AnyModelConfig = field(default_factory=RecurrentConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    regularization: RegularizationConfig = field(default_factory=RegularizationConfig)

    def network(self, vocabulary: VocabularySpec, *, backend: str = "auto") -> NetworkSpec:
        """Return the arguments of a network with these settings.

        Args:
            vocabulary: Size and special ids of the vocabulary.
            backend: Name of the implementation of recurrent layers; `auto` chooses one.
        """
        return NetworkSpec(
            vocabulary=vocabulary,
            embedding=self.embedding,
            output=self.output,
            regularization=self.regularization,
            backend=backend,
        )


def decode_model_settings(values: Values, *, source: str) -> ModelSettings:
    """Decode the sections that define a model; other sections of the values are ignored.

    Args:
        values: Nested values, such as the `config.json` of a model folder.
        source: Where they come from, for error messages.

    Raises:
        ConfigError: A setting is unknown or invalid.
    """
    sections = ModelSettings.__dataclass_fields__
    known = {name: values[name] for name in sections if name in values}
    return decode(ModelSettings, known, source=source)
