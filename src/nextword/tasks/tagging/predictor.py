"""Prediction of labels in batches: sentences in, label ids out, in input order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from nextword.batches import predict_in_order
from nextword.tasks.encoding import Batcher, WordVectorCache
from nextword.tasks.tagging.crf import ScoredLabels
from nextword.tasks.tagging.network import Emissions, TaggingModel
from nextword.tensors import Lengths

DEFAULT_BATCH_SIZE = 64
#: Number of sentences that are read ahead, to batch those of similar length.
READ_AHEAD = 1024
#: Largest number of words in a batch with padding; a longer sentence is a batch of its own.
_MAX_WORDS = 8192


@dataclass(frozen=True, kw_only=True)
class PredictedLabels:
    """The predicted labels of a sentence.

    Attributes:
        words: The words.
        label_ids: Id of the label of each word.
        probabilities: Probability of that label of each word; None if it was not asked for.
    """

    words: Sequence[str]
    label_ids: list[int]
    probabilities: list[float] | None = None


class LabelPredictor:
    """Predicts labels with a model whose weights do not change.

    The vectors of words that do not depend on the sentence are computed once and kept.

    Args:
        model: The model, in evaluation mode.
        batcher: Turns sentences into batches; it must not be used for training, because its table
            of words is cleared when it grows too large.
        batch_size: Number of sentences in a batch.
    """

    def __init__(
        self, model: TaggingModel, batcher: Batcher, *, batch_size: int = DEFAULT_BATCH_SIZE
    ) -> None:
        self._model = model
        self._batcher = batcher
        self._batch_size = batch_size
        self._cache = WordVectorCache(model.encoder, batcher.table)
        self._device = next(model.parameters()).device

    def predict(
        self,
        sentences: Iterable[Sequence[str]],
        *,
        with_probabilities: bool = False,
        read_ahead: int = READ_AHEAD,
    ) -> Iterator[PredictedLabels]:
        """Iterate over the labels of sentences, in their order and in bounded memory.

        Args:
            sentences: The words of each sentence; a sentence may be empty.
            with_probabilities: Whether to compute the probability of each predicted label.
            read_ahead: Number of sentences that are read before the first one is returned.
        """
        empty = PredictedLabels(
            words=(), label_ids=[], probabilities=[] if with_probabilities else None
        )
        return predict_in_order(
            sentences,
            partial(self._predict_batch, with_probabilities=with_probabilities),
            size=len,
            batch_size=self._batch_size,
            max_batch_size=_MAX_WORDS,
            read_ahead=read_ahead,
            empty=empty,
        )

    def n_best(
        self, sentences: Iterable[Sequence[str]], *, n: int, read_ahead: int = READ_AHEAD
    ) -> Iterator[list[ScoredLabels]]:
        """Iterate over the n most probable label sequences of sentences, in their order.

        Args:
            sentences: The words of each sentence; a sentence may be empty.
            n: Number of sequences, at least 1.
            read_ahead: As in `predict`.

        Raises:
            ConfigError: The model has no CRF.
        """
        return predict_in_order(
            sentences,
            partial(self._n_best_of_batch, n=n),
            size=len,
            batch_size=self._batch_size,
            max_batch_size=max(1, _MAX_WORDS // n),
            read_ahead=read_ahead,
            empty=[ScoredLabels(label_ids=(), log_prob=0.0)],
        )

    @torch.no_grad()
    def _predict_batch(
        self, sentences: Sequence[Sequence[str]], *, with_probabilities: bool
    ) -> list[PredictedLabels]:
        emissions, lengths = self._score(sentences)
        label_ids = self._model.decode(emissions, lengths)
        rows = _cut(label_ids.tolist(), sentences)
        chances: list[list[float]] | list[None] = [None] * len(rows)
        if with_probabilities:
            probabilities = self._model.probabilities(emissions, lengths)
            chosen = probabilities.gather(2, label_ids[:, :, None]).squeeze(2)
            chances = _cut(chosen.tolist(), sentences)
        return [
            PredictedLabels(words=words, label_ids=row, probabilities=chance)
            for words, row, chance in zip(sentences, rows, chances, strict=True)
        ]

    @torch.no_grad()
    def _n_best_of_batch(
        self, sentences: Sequence[Sequence[str]], *, n: int
    ) -> list[list[ScoredLabels]]:
        emissions, lengths = self._score(sentences)
        return self._model.n_best(emissions, lengths, n=n)

    def _score(self, sentences: Sequence[Sequence[str]]) -> tuple[Emissions, Lengths]:
        """Return the score of each label of each word, and the number of words."""
        self._cache.trim()
        batch = self._batcher.batch(sentences).to(self._device)
        emissions = self._model(batch, word_vectors=self._cache.vectors(batch.words))
        return emissions, batch.lengths


def _cut(rows: list[list[Any]], sentences: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Return each row without padding."""
    return [row[: len(sentence)] for row, sentence in zip(rows, sentences, strict=True)]
