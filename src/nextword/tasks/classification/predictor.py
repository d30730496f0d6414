"""Prediction in batches: texts in, probabilities out, in input order."""

from collections.abc import Iterable, Iterator, Sequence

import torch

from nextword.base import FormatError
from nextword.batches import predict_in_order
from nextword.tasks.classification.data import TextReader
from nextword.tasks.classification.network import ClassificationModel
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

        Returns:
            The words that were read, and the probability of each label in the order of its id.

        Raises:
            FormatError: A probability is not finite, because weights are not.
        """
        return predict_in_order(
            map(self._reader.words, texts),
            self._predict_batch,
            size=len,
            batch_size=self._batch_size,
            max_batch_size=_MAX_WORDS,
            read_ahead=read_ahead,
        )

    @torch.no_grad()
    def _predict_batch(self, texts: list[list[str]]) -> list[tuple[list[str], list[float]]]:
        self._cache.trim()
        batch = self._reader.batch(texts).to(self._device)
        vectors = self._cache.vectors(batch.tokens.words)
        probabilities = self._model.probabilities(self._model(batch, word_vectors=vectors))
        if not torch.isfinite(probabilities).all():
            raise FormatError(
                "a predicted probability is not finite; the model has weights that are not.",
                help="Train the model again.",
            )
        return list(zip(texts, probabilities.tolist(), strict=True))
