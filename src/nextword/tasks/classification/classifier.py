"""The classifier: a trained model with its vocabularies, for prediction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import (
    FormatError,
    NextwordError,
    Values,
    decode,
    encode,
    require_several,
    require_words,
)
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.tasks.classification.config import ClassificationConfig, NgramsConfig
from nextword.tasks.classification.data import TextReader
from nextword.tasks.classification.files import ColumnsConfig
from nextword.tasks.classification.network import ClassificationModel, NgramFeatures, NgramHasher
from nextword.tasks.classification.predictor import READ_AHEAD, TextPredictor
from nextword.tasks.classification.splitting import splitter
from nextword.tasks.embedding import EncodesTexts, WordEncoderVectors
from nextword.tasks.encoding import EncoderParts, LabelVocabulary
from nextword.tasks.storing import StoredTask, load_task

KIND = "classification"
DEFAULT_BATCH_SIZE = 64
#: A text, or its words.
TextLike = str | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ClassifiedText:
    """A text with the probability of each label.

    Attributes:
        words: The words that were read.
        labels: The predicted labels, the most probable first: exactly one, or with several labels
            per text all whose probability reaches the threshold.
        probabilities: Probability of every label, highest first.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class ClassifierParts:
    """Everything that a classifier is built from, apart from its weights.

    Attributes:
        encoder: Settings, vocabulary and language models of the encoder.
        config: Settings of the labels.
        ngrams: Settings of the n-gram features.
        columns: How the training files were read; the default for other files.
        labels: The labels.
        max_length: Number of words from which a text is cut.
    """

    encoder: EncoderParts
    config: ClassificationConfig
    ngrams: NgramsConfig
    columns: ColumnsConfig
    labels: LabelVocabulary
    max_length: int

    def build(
        self, *, backend: str = "auto", class_weights: Sequence[float] | None = None
    ) -> ClassificationModel:
        """Return the network, with random weights except for those of language models.

        Args:
            backend: Implementation of the recurrent layers.
            class_weights: Weight of each label in the loss.
        """
        ngrams = None
        if self.ngrams.has_features:
            ngrams = NgramFeatures(
                table_size=self.ngrams.table_size,
                num_labels=len(self.labels),
                dropout=self.ngrams.dropout,
                text_dropout=self.ngrams.text_dropout,
            )
        return ClassificationModel(
            self.encoder.build(backend=backend),
            num_labels=len(self.labels),
            pooling=self.config.pooling,
            is_bidirectional=self.encoder.config.bidirectional,
            dropout=self.config.dropout,
            ngrams=ngrams,
            multi_label=self.config.multi_label,
            class_weights=None if class_weights is None else torch.tensor(class_weights),
            label_smoothing=self.config.label_smoothing,
        )

    def reader(self) -> TextReader:
        """Return what turns texts into batches, with an empty table of words."""
        hasher = None
        if self.ngrams.has_features:
            hasher = NgramHasher(
                words=self.ngrams.words,
                characters=self.ngrams.characters,
                table_size=self.ngrams.table_size,
            )
        return TextReader(
            split=splitter(self.config.words),
            max_length=self.max_length,
            batcher=self.encoder.batcher(),
            hasher=hasher,
        )

    def stored(self, model: ClassificationModel, *, config: Values, card: str) -> StoredTask:
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
                "classification": encode(self.config),
                "ngrams": encode(self.ngrams),
                "columns": encode(self.columns),
                "max_length": self.max_length,
            },
            tensors=parameter_tensors(model),
            vocabularies={
                **self.encoder.to_vocabularies(),
                "labels": self.labels.to_values(),
            },
            card=card,
        )

    @classmethod
    def from_stored(cls, stored: StoredTask) -> "ClassifierParts":
        """Return the parts of a stored classifier.

        Raises:
            FormatError: The folder is damaged.
        """
        source = str(stored.path)
        config = stored.config
        try:
            return cls(
                encoder=EncoderParts.from_stored(config, stored.vocabularies, source=source),
                config=decode(ClassificationConfig, config["classification"], source=source),
                ngrams=decode(NgramsConfig, config["ngrams"], source=source),
                columns=decode(ColumnsConfig, config["columns"], source=source),
                labels=LabelVocabulary.from_values(stored.vocabularies["labels"]),
                max_length=int(config["max_length"]),
            )
        except FormatError:
            raise
        except (NextwordError, KeyError, TypeError, ValueError) as error:
            message = getattr(error, "message", f"{type(error).__name__} {error}")
            raise FormatError(
                f"{source} is damaged: {message}", help="Copy the model folder again."
            ) from error


class Classifier(EncodesTexts):
    """Predicts the labels of texts.

    Args:
        parts: Vocabularies and settings.
        model: The network, with its weights.
        card: The model card.
        path: The model folder; None for a classifier in training.
        config: The content of `config.json`.
        batch_size: Number of texts in a batch; only affects speed.

    Example:
        classifier = nextword.load("runs/reviews")
        classifier.classify("what a lovely film")
        # {'positive': 0.97, 'negative': 0.03}
    """

    task = KIND

    def __init__(
        self,
        parts: ClassifierParts,
        model: ClassificationModel,
        *,
        card: str = "",
        path: Path | None = None,
        config: Values | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> None:
        self.parts = parts
        self.model = model.eval()
        self.card = card
        self.path = path
        self.config = {} if config is None else config
        self.reader = parts.reader()
        self._predictor = TextPredictor(model, self.reader, batch_size=batch_size)

    def __repr__(self) -> str:
        path = None if self.path is None else str(self.path)
        return (
            f"Classifier({path!r}, num_labels={len(self.labels)}, "
            f"num_parameters={self.num_parameters:,})"
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that can be predicted, sorted."""
        return self.parts.labels.labels

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def classify(self, text: TextLike) -> dict[str, float]:
        """Return the probability of each label of one text, highest first.

        Args:
            text: The text, or its words.

        Raises:
            ConfigError: A list of texts is passed.
        """
        require_words(text, several="classify_texts")
        return next(self.predict([text])).probabilities

    def classify_texts(
        self, texts: Iterable[TextLike], *, read_ahead: int = READ_AHEAD
    ) -> Iterator[dict[str, float]]:
        """Iterate over the probabilities of the labels of texts, in order and in bounded memory.

        Args:
            texts: The texts.
            read_ahead: Number of texts that are read before the first result is returned, to batch
                those of similar length.

        Raises:
            ConfigError: A single string is passed.
        """
        return (found.probabilities for found in self.predict(texts, read_ahead=read_ahead))

    def predict(
        self, texts: Iterable[TextLike], *, read_ahead: int = READ_AHEAD
    ) -> Iterator[ClassifiedText]:
        """Iterate over texts with their predicted labels, in order and in bounded memory.

        Args:
            texts: The texts.
            read_ahead: As in `classify_texts`.

        Raises:
            ConfigError: A single string is passed.
        """
        require_several("texts", texts)
        return self._predicted(texts, read_ahead=read_ahead)

    def _predicted(self, texts: Iterable[TextLike], *, read_ahead: int) -> Iterator[ClassifiedText]:
        for words, row in self._predictor.predict(texts, read_ahead=read_ahead):
            ranked = sorted(zip(row, self.labels, strict=True), key=lambda pair: -pair[0])
            probabilities = {label: probability for probability, label in ranked}
            yield ClassifiedText(
                words=tuple(words),
                labels=self._chosen(probabilities),
                probabilities=probabilities,
            )

    def _chosen(self, probabilities: dict[str, float]) -> tuple[str, ...]:
        if not self.parts.config.multi_label:
            return (next(iter(probabilities)),)
        threshold = self.parts.config.threshold
        return tuple(label for label, value in probabilities.items() if value >= threshold)

    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> WordEncoderVectors:
        """Return an encoder from texts to vectors: outputs of the encoder, pooled over the words.

        Args:
            pooling: `last` (the last state of each direction), `mean` or `max`.
            layer: 0 for the features of the words, 1 for the outputs of the lowest recurrent layer,
                -1 for those of the highest one.
            batch_size: Number of texts in a batch; 32 when None. Vectors do not depend on it.

        Raises:
            ConfigError: The pooling is unknown, or there is no such layer.
        """
        return WordEncoderVectors(
            self.model.encoder,
            self.parts.encoder.batcher(),
            split=self.reader.split,
            name="the classifier" if self.path is None else str(self.path),
            pooling=pooling,
            layer=layer,
            batch_size=batch_size,
        )


def load_classifier(path: Path, *, device: torch.device | str = "cpu") -> Classifier:
    """Load a classifier from its model folder or run folder.

    Args:
        path: The folder.
        device: Device of the parameters.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is damaged, or holds a model of another kind.
        MismatchError: The weights do not fit the settings.
    """
    stored = load_task(path, kind=KIND)
    parts = ClassifierParts.from_stored(stored)
    model = parts.build()
    load_parameter_tensors(model, stored.tensors, source=f"{stored.path}/model.safetensors")
    return Classifier(
        parts, model.to(device), card=stored.card, path=stored.path, config=stored.config
    )
