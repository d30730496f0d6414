"""The tagger: a trained model with its vocabularies, for prediction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

import torch

from nextword.base import ConfigError, Values, require_several, require_words
from nextword.models import load_parameter_tensors
from nextword.tasks.embedding import EncodesTexts, WordEncoderVectors
from nextword.tasks.storing import load_task
from nextword.tasks.tagging.network import KIND, TaggerParts, TaggingModel
from nextword.tasks.tagging.predictor import (
    DEFAULT_BATCH_SIZE,
    READ_AHEAD,
    LabelPredictor,
)

#: Largest number of label sequences of a sentence; memory grows with it.
MAX_N_BEST = 100
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
class TaggedSequence:
    """One of the most probable label sequences of a sentence.

    Attributes:
        labels: The label of each word.
        log_prob: Log-probability of the whole sequence, in nats.
    """

    labels: tuple[str, ...]
    log_prob: float

    @property
    def probability(self) -> float:
        """Probability of the whole sequence."""
        return exp(self.log_prob)

    def to_dict(self) -> Values:
        """Return the fields and the probability as JSON values."""
        return {
            "labels": list(self.labels),
            "log_prob": self.log_prob,
            "probability": self.probability,
        }


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
        tagger = nextword.load("runs/pos")
        tagger.labels_of("the cat sleeps")
        # ['DET', 'NOUN', 'VERB']
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

    def __repr__(self) -> str:
        path = None if self.path is None else str(self.path)
        return (
            f"Tagger({path!r}, num_labels={len(self.labels)}, "
            f"num_parameters={self.num_parameters:,})"
        )

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

        Raises:
            ConfigError: A list of texts is passed.
        """
        require_words(sentence, several="tag_sentences")
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

        Raises:
            ConfigError: A single string is passed.
        """
        require_several("sentences", sentences)
        return self._tagged(sentences, with_probabilities=with_probabilities, read_ahead=read_ahead)

    def _tagged(
        self, sentences: Iterable[SentenceLike], *, with_probabilities: bool, read_ahead: int
    ) -> Iterator[list[TaggedToken]]:
        found = self._predictor.predict(
            map(_words, sentences), with_probabilities=with_probabilities, read_ahead=read_ahead
        )
        for each in found:
            labels = self._file_labels(each.label_ids)
            chances: Sequence[float | None] = each.probabilities or [None] * len(labels)
            yield [
                TaggedToken(text=word, label=label, probability=chance)
                for word, label, chance in zip(each.words, labels, chances, strict=True)
            ]

    def n_best(self, sentence: SentenceLike, *, n: int) -> list[TaggedSequence]:
        """Predict the n most probable label sequences of one sentence.

        Args:
            sentence: The words, or the text, which is split at white space.
            n: Number of sequences, from 1 to 100.

        Returns:
            The sequences, most probable first; fewer than n if the sentence has fewer.

        Raises:
            ConfigError: The tagger has no CRF, n is out of range, or a list of texts is passed.
        """
        require_words(sentence, several="n_best_sentences")
        return next(self.n_best_sentences([sentence], n=n))

    def n_best_sentences(
        self, sentences: Iterable[SentenceLike], *, n: int, read_ahead: int = READ_AHEAD
    ) -> Iterator[list[TaggedSequence]]:
        """Iterate over the n most probable label sequences of sentences, in order.

        Args:
            sentences: The words of each sentence, or its text, which is split at white space.
            n: Number of sequences of each sentence, from 1 to 100.
            read_ahead: As in `tag_sentences`.

        Raises:
            ConfigError: The tagger has no CRF, n is out of range, or a single string is passed.
        """
        require_several("sentences", sentences)
        if not 1 <= n <= MAX_N_BEST:
            raise ConfigError(
                f"the number of label sequences is {n}.",
                help=f"Use a number from 1 to {MAX_N_BEST}.",
            )
        found = self._predictor.n_best(map(_words, sentences), n=n, read_ahead=read_ahead)
        return (
            [
                TaggedSequence(
                    labels=tuple(self._file_labels(each.label_ids)), log_prob=each.log_prob
                )
                for each in sequences
            ]
            for sequences in found
        )

    def _file_labels(self, label_ids: Sequence[int]) -> list[str]:
        """Return the labels of a sentence as files have them."""
        names = self.parts.labels.labels
        return self.parts.codec.decode([names[number] for number in label_ids])

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


def _words(sentence: SentenceLike) -> Sequence[str]:
    return sentence.split() if isinstance(sentence, str) else tuple(sentence)
