"""What an encoder is built from, and how that is stored in the model folder of a task."""

from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import FormatError, Values, decode, encode
from nextword.tasks.encoding.batcher import Batcher
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.encoder import SequenceEncoder
from nextword.tasks.encoding.pretrained import FeatureSource, from_stored, stored_config
from nextword.tasks.encoding.vocabulary import TokenVocabulary


@dataclass(frozen=True, kw_only=True)
class EncoderParts:
    """The settings, the vocabulary and the language models of an encoder.

    Attributes:
        config: The settings.
        vocabulary: Words and characters.
        feature_models: The models whose hidden states become features.
    """

    config: EncoderConfig
    vocabulary: TokenVocabulary
    feature_models: tuple[FeatureSource, ...] = ()

    def build(self, *, extra_size: int = 0, backend: str = "auto") -> SequenceEncoder:
        """Return the encoder, with random weights except for those of trained models.

        Args:
            extra_size: Size of the vectors that the caller appends to the inputs.
            backend: Implementation of the recurrent layers.
        """
        return SequenceEncoder(
            self.config,
            self.vocabulary,
            features=[
                each.features(is_frozen=not self.config.fine_tune) for each in self.feature_models
            ],
            extra_size=extra_size,
            backend=backend,
        )

    def batcher(self) -> Batcher:
        """Return a new batcher with an empty table of words."""
        return Batcher(self.vocabulary, [each.text() for each in self.feature_models])

    def to_config(self) -> Values:
        """Return the sections of `config.json` that define the encoder; they contain no paths."""
        config = replace(
            self.config,
            vectors=None if self.config.vectors is None else Path(self.config.vectors).name,
            language_models=tuple(Path(name).name for name in self.config.language_models),
            huggingface=None
            if self.config.huggingface is None
            else Path(self.config.huggingface).name,
        )
        models = {str(i): stored_config(each) for i, each in enumerate(self.feature_models)}
        return {"encoder": encode(config), "language_models": models}

    def to_vocabularies(self) -> Values:
        """Return the vocabularies and tokenizers as JSON values, for `tokenizer.json`."""
        tokenizers = [each.to_tokenizer() for each in self.feature_models]
        return {"tokens": self.vocabulary.to_values(), "language_models": tokenizers}

    @classmethod
    def from_stored(cls, config: Values, vocabularies: Values, *, source: str) -> "EncoderParts":
        """Return the parts from what `to_config` and `to_vocabularies` returned.

        The trained models have random weights; the caller loads those of the whole model.

        Args:
            config: Sections of `config.json`.
            vocabularies: Content of `tokenizer.json`.
            source: The model folder, for error messages.

        Raises:
            ConfigError: A setting is unknown or out of range.
            FormatError: The values are damaged.
        """
        try:
            models = config["language_models"]
            feature_models = tuple(
                from_stored(models[str(i)], tokenizer)
                for i, tokenizer in enumerate(vocabularies["language_models"])
            )
            tokens = vocabularies["tokens"]
            encoder = config["encoder"]
        except (KeyError, TypeError) as error:
            raise FormatError(
                f"{source} is damaged: {type(error).__name__} {error}.",
                help="Copy the model folder again.",
            ) from error
        return cls(
            config=decode(EncoderConfig, encoder, source=f"{source}, config.json, encoder"),
            vocabulary=TokenVocabulary.from_values(tokens),
            feature_models=feature_models,
        )
