"""Prediction of labels in batches: sentences in, label ids out, in input order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from nextword.tasks.encoding import Batcher, WordVectorCache
from nextword.tasks.tagging.model import TaggingModel

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
        remaining = iter(sentences)
        while group := list(islice(remaining, read_ahead)):
            yield from self._predict_group(group, with_probabilities=with_probabilities)

    def _predict_group(
        self, sentences: Sequence[Sequence[str]], *, with_probabilities: bool
    ) -> list[PredictedLabels]:
        empty = PredictedLabels(
            words=(), label_ids=[], probabilities=[] if with_probabilities else None
        )
        labels = [empty] * len(sentences)
        for places in self._batches([len(sentence) for sentence in sentences]):
            found = self._predict_batch(
                [sentences[place] for place in places], with_probabilities=with_probabilities
            )
            for place, each in zip(places, found, strict=True):
                labels[place] = each
        return labels

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield the places of the sentences of each batch; empty sentences are left out."""
        order = sorted((i for i, n in enumerate(lengths) if n), key=lambda i: lengths[i])
        batch: list[int] = []
        for place in order:
            is_full = len(batch) == self._batch_size
            if batch and (is_full or (len(batch) + 1) * lengths[place] > _MAX_WORDS):
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch

    @torch.no_grad()
    def _predict_batch(
        self, sentences: Sequence[Sequence[str]], *, with_probabilities: bool
    ) -> list[PredictedLabels]:
        self._cache.trim()
        batch = self._batcher.batch(sentences).to(self._device)
        emissions = self._model(batch, word_vectors=self._cache.vectors(batch.words))
        label_ids = self._model.decode(emissions, batch.lengths)
        rows = _cut(label_ids.tolist(), sentences)
        chances: list[list[float]] | list[None] = [None] * len(rows)
        if with_probabilities:
            probabilities = self._model.probabilities(emissions, batch.lengths)
            chosen = probabilities.gather(2, label_ids[:, :, None]).squeeze(2)
            chances = _cut(chosen.tolist(), sentences)
        return [
            PredictedLabels(words=words, label_ids=row, probabilities=chance)
            for words, row, chance in zip(sentences, rows, chances, strict=True)
        ]


def _cut(rows: list[list[Any]], sentences: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Return each row without padding."""
    return [row[: len(sentence)] for row, sentence in zip(rows, sentences, strict=True)]
