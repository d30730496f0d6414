"""What a tagger is built from, and how that is stored in its model folder."""

from dataclasses import dataclass

from nextword.base import FormatError, NextwordError, Values, decode, encode
from nextword.models import parameter_tensors
from nextword.tasks.encoding import EncoderParts, LabelVocabulary
from nextword.tasks.storing import StoredTask
from nextword.tasks.tagging.config import TaggingConfig
from nextword.tasks.tagging.labels import LabelCodec
from nextword.tasks.tagging.network.model import TaggingModel

KIND = "tagging"


@dataclass(frozen=True, kw_only=True)
class TaggerParts:
    """Everything that a tagger is built from, apart from its weights.

    Attributes:
        encoder: Settings, vocabulary and language models of the encoder.
        config: Settings of the labels; `scheme` is the scheme inside the model, never `auto`.
        codec: From the labels of files to those inside the model, and back.
        labels: The labels inside the model.
    """

    encoder: EncoderParts
    config: TaggingConfig
    codec: LabelCodec
    labels: LabelVocabulary

    def build(self, *, backend: str = "auto") -> TaggingModel:
        """Return the network, with random weights except for those of language models."""
        return TaggingModel(
            self.encoder.build(backend=backend),
            len(self.labels),
            decoder=self.config.decoder,
            constraints=self.codec.constraints(self.labels.labels),
        )

    def stored(self, model: TaggingModel, *, config: Values, card: str) -> StoredTask:
        """Return the content of the model folder.

        Args:
            model: The network with its weights.
            config: Further sections of `config.json`.
            card: The model card.
        """
        return StoredTask(
            kind=KIND,
            config={
                **config,
                **self.encoder.to_config(),
                "tagging": encode(self.config),
                "labels": self.codec.to_values(),
            },
            tensors=parameter_tensors(model),
            vocabularies={
                **self.encoder.to_vocabularies(),
                "labels": self.labels.to_values(),
            },
            card=card,
        )

    @classmethod
    def from_stored(cls, stored: StoredTask) -> "TaggerParts":
        """Return the parts of a stored tagger.

        Raises:
            FormatError: The folder is damaged.
        """
        source = str(stored.path)
        try:
            return cls(
                encoder=EncoderParts.from_stored(stored.config, stored.vocabularies, source=source),
                config=decode(TaggingConfig, stored.config["tagging"], source=source),
                codec=LabelCodec.from_values(stored.config["labels"]),
                labels=LabelVocabulary.from_values(stored.vocabularies["labels"]),
            )
        except FormatError:
            raise
        except (NextwordError, KeyError, TypeError) as error:
            message = getattr(error, "message", f"{type(error).__name__} {error}")
            raise FormatError(
                f"{source} is damaged: {message}", help="Copy the model folder again."
            ) from error
