"""The tagger: a trained model with its vocabularies, for prediction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

import torch

from nextword.base import FormatError, NextwordError, Values, decode, encode
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.tasks.embedding import EncodesTexts, WordEncoderVectors
from nextword.tasks.encoding import EncoderParts, LabelVocabulary
from nextword.tasks.storing import StoredTask, load_task
from nextword.tasks.tagging.codec import LabelCodec
from nextword.tasks.tagging.config import TaggingConfig
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.model import TaggingModel
from nextword.tasks.tagging.predictor import (
    DEFAULT_BATCH_SIZE,
    READ_AHEAD,
    LabelPredictor,
)

KIND = "tagging"
#: Words of a sentence, or its text, which is split at white space.
SentenceLike = str | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class TaggedToken:
    """A word with its predicted label.

    Attributes:
        text: The word.
        label: Its label.
        probability: Probability of the label; None if it was not asked for.
    """

    text: str
    label: str
    probability: float | None = None

    def to_dict(self) -> Values:
        """Return the fields as JSON values; the probability only if there is one."""
        values: Values = {"text": self.text, "label": self.label}
        return values if self.probability is None else values | {"probability": self.probability}


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


class Tagger(EncodesTexts):
    """Predicts a label for each word of a sentence.

    Args:
        parts: Vocabularies and settings.
        model: The network, with its weights.
        card: The model card.
        path: The model folder; None for a tagger in training.
        config: The content of `config.json`.
        batch_size: Number of sentences in a batch; only affects speed.

    Example:
        >>> tagger = nextword.load("runs/pos")  # doctest: +SKIP
        >>> tagger.labels_of("the cat sleeps")  # doctest: +SKIP
        ['DET', 'NOUN', 'VERB']
    """

    task = KIND

    def __init__(
        self,
        parts: TaggerParts,
        model: TaggingModel,
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
        self._predictor = LabelPredictor(model, parts.encoder.batcher(), batch_size=batch_size)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that can be predicted, as files have them."""
        return self.parts.codec.file_labels

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def tag(self, sentence: SentenceLike, *, with_probabilities: bool = False) -> list[TaggedToken]:
        """Predict the labels of one sentence.

        Args:
            sentence: The words, or the text, which is split at white space.
            with_probabilities: Whether to compute the probability of each label.

        Returns:
            The words with their labels.
        """
        return next(self.tag_sentences([sentence], with_probabilities=with_probabilities))

    def labels_of(self, sentence: SentenceLike) -> list[str]:
        """Return the label of each word of one sentence."""
        return [token.label for token in self.tag(sentence)]

    def tag_sentences(
        self,
        sentences: Iterable[SentenceLike],
        *,
        with_probabilities: bool = False,
        read_ahead: int = READ_AHEAD,
    ) -> Iterator[list[TaggedToken]]:
        """Iterate over sentences with their labels, in order and in bounded memory.

        Args:
            sentences: The words of each sentence, or its text, which is split at white space.
            with_probabilities: Whether to compute the probability of each label. With a CRF these
                are marginals: the sum over all label sequences.
            read_ahead: Number of sentences that are read before the first one is returned, to
                batch those of similar length.
        """
        found = self._predictor.predict(
            map(_words, sentences), with_probabilities=with_probabilities, read_ahead=read_ahead
        )
        names = self.parts.labels.labels
        for each in found:
            labels = self.parts.codec.decode([names[number] for number in each.label_ids])
            chances: Sequence[float | None] = each.probabilities or [None] * len(labels)
            yield [
                TaggedToken(text=word, label=label, probability=chance)
                for word, label, chance in zip(each.words, labels, chances, strict=True)
            ]

    def is_known(self, word: str) -> bool:
        """Return whether a word is in the vocabulary of the training data."""
        return self.parts.encoder.vocabulary.is_known(word)

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
            split=str.split,
            name="the tagger" if self.path is None else str(self.path),
            pooling=pooling,
            layer=layer,
            batch_size=batch_size,
        )


def load_tagger(path: Path, *, device: torch.device | str = "cpu") -> Tagger:
    """Load a tagger from its model folder or run folder.

    Args:
        path: The folder.
        device: Device of the parameters.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is damaged, or holds a model of another kind.
        MismatchError: The weights do not fit the settings.
    """
    stored = load_task(path, kind=KIND)
    parts = TaggerParts.from_stored(stored)
    model = parts.build()
    load_parameter_tensors(model, stored.tensors, source=f"{stored.path}/model.safetensors")
    return Tagger(parts, model.to(device), card=stored.card, path=stored.path, config=stored.config)


def tagged(
    tagger: Tagger,
    sentences: Iterable[Sentence],
    *,
    with_probabilities: bool = False,
    read_ahead: int | None = None,
) -> Iterator[tuple[Sentence, list[TaggedToken]]]:
    """Iterate over the sentences of a file with their predicted labels, in bounded memory.

    Args:
        tagger: The tagger.
        sentences: The sentences.
        with_probabilities: See `Tagger.tag_sentences`.
        read_ahead: See `Tagger.tag_sentences`; its default when None.
    """
    for_words, kept = tee(sentences)
    found = tagger.tag_sentences(
        (sentence.words for sentence in for_words),
        with_probabilities=with_probabilities,
        read_ahead=READ_AHEAD if read_ahead is None else read_ahead,
    )
    # The predictions come first, so that not more than `read_ahead` sentences are kept.
    for tokens, sentence in zip(found, kept, strict=True):
        yield sentence, tokens


def _words(sentence: SentenceLike) -> Sequence[str]:
    return sentence.split() if isinstance(sentence, str) else tuple(sentence)
