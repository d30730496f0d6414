"""Prediction in batches: texts in, probabilities out, in input order."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch

from nextword.base import FormatError
from nextword.tasks.classification.data import TextReader
from nextword.tasks.classification.model import ClassificationModel
from nextword.tasks.encoding import WordVectorCache

#: Number of texts that are read ahead, to batch those of similar length.
READ_AHEAD = 1024
#: Largest number of words in a batch with padding; a longer text is a batch of its own.
_MAX_WORDS = 8192


class TextPredictor:
    """Predicts probabilities with a model whose weights do not change.

    The vectors of words that do not depend on the text are computed once and kept.

    Args:
        model: The model, in evaluation mode.
        reader: Turns texts into batches; it must not be used for training, because its table of
            words is cleared when it grows too large.
        batch_size: Number of texts in a batch.
    """

    def __init__(self, model: ClassificationModel, reader: TextReader, *, batch_size: int) -> None:
        self._model = model
        self._reader = reader
        self._batch_size = batch_size
        self._cache = WordVectorCache(model.encoder, reader.batcher.table)
        self._device = next(model.parameters()).device

    def predict(
        self, texts: Iterable[str | Sequence[str]], *, read_ahead: int = READ_AHEAD
    ) -> Iterator[tuple[list[str], list[float]]]:
        """Iterate over the words of texts and the probabilities of their labels, in their order.

        Args:
            texts: The texts, or their words; a text may be empty.
            read_ahead: Number of texts that are read before the first result is returned.

        Yields:
            The words that were read, and the probability of each label in the order of its id.

        Raises:
            FormatError: A probability is not finite, because weights are not.
        """
        remaining = map(self._reader.words, iter(texts))
        while group := list(islice(remaining, read_ahead)):
            rows: list[list[float]] = [[]] * len(group)
            for places in self._batches([len(words) for words in group]):
                found = self._predict_batch([group[place] for place in places])
                for place, row in zip(places, found, strict=True):
                    rows[place] = row
            yield from zip(group, rows, strict=True)

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield the places of the texts of each batch."""
        batch: list[int] = []
        for place in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            is_full = len(batch) == self._batch_size
            if batch and (is_full or (len(batch) + 1) * lengths[place] > _MAX_WORDS):
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch

    @torch.no_grad()
    def _predict_batch(self, texts: Sequence[Sequence[str]]) -> list[list[float]]:
        self._cache.trim()
        batch = self._reader.batch(texts).to(self._device)
        vectors = self._cache.vectors(batch.tokens.words)
        probabilities = self._model.probabilities(self._model(batch, word_vectors=vectors))
        if not torch.isfinite(probabilities).all():
            raise FormatError(
                "a predicted probability is not finite; the model has weights that are not.",
                help="Train the model again.",
            )
        rows: list[list[float]] = probabilities.tolist()
        return rows
