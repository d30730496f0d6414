"""Vectors of texts from the encoder of a tagger or a text classifier."""

from collections.abc import Callable, Iterator, Sequence

import torch

from nextword.recurrent import BidirectionalStack
from nextword.tasks.embedding.contract import DEFAULT_BATCH_SIZE, VectorEncoder, checked_layer
from nextword.tasks.embedding.pooling import StepPooling, Vectors, check_pooling
from nextword.tasks.encoding import Batcher, SequenceEncoder, TokenBatch, WordVectorCache
from nextword.tensors import Hidden

#: Largest number of words in a batch with padding; a longer text is a batch of its own.
_MAX_WORDS = 8192


class WordEncoderVectors(VectorEncoder):
    """Pools the outputs of a `SequenceEncoder` over the words of each text.

    Args:
        encoder: The encoder, in evaluation mode; its weights must not change.
        batcher: Turns sentences into batches; its table of words is cleared when it grows too
            large.
        split: Splits a text into words.
        name: Name of the model, for error messages.
        pooling: `last`, `mean` or `max`.
        layer: 0 for the features of the words, 1 for the outputs of the lowest recurrent layer, -1
            for those of the highest one.
        batch_size: Number of texts in a batch; 32 when None.

    Raises:
        ConfigError: The pooling is unknown, or there is no such layer.
    """

    def __init__(
        self,
        encoder: SequenceEncoder,
        batcher: Batcher,
        *,
        split: Callable[[str], Sequence[str]],
        name: str,
        pooling: str = "mean",
        layer: int = -1,
        batch_size: int | None = None,
    ) -> None:
        check_pooling(pooling)
        self.name = name
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        self._encoder = encoder
        self._batcher = batcher
        self._split = split
        self._pooling = pooling
        self._cache = WordVectorCache(encoder, batcher.table)
        self._layer = checked_layer(layer, num_layers=_num_layers(encoder), name=name)
        self._is_bidirectional = self._layer > 0 and isinstance(encoder.core, BidirectionalStack)
        self.size = self._outputs([["a"]])[0].shape[2]

    def prepare(self, text: str, *, line: int) -> Sequence[str]:
        """Return the words of a text."""
        return self._split(text)

    def encode_batch(self, texts: Sequence[Sequence[object]]) -> Vectors:
        """Return the vectors of texts given as words, (texts, size)."""
        words = [[str(word) for word in text] for text in texts]
        pooled = [self._pooled(part) for part in _parts(words)]
        return torch.cat(pooled).cpu().numpy()

    def _pooled(self, texts: Sequence[Sequence[str]]) -> torch.Tensor:
        outputs, batch = self._outputs(texts)
        pooling = StepPooling(
            self._pooling,
            lengths=batch.lengths,
            size=self.size,
            is_bidirectional=self._is_bidirectional,
        )
        pooling.add(outputs)
        return pooling.result()

    @torch.no_grad()
    def _outputs(self, texts: Sequence[Sequence[str]]) -> tuple[Hidden, TokenBatch]:
        """Return the outputs of the layer, (texts, time, size), and the batch."""
        self._cache.trim()
        device = next(self._encoder.parameters()).device
        batch = self._batcher.batch(texts).to(device)
        vectors = self._cache.vectors(batch.words)
        inputs = self._encoder.embed(batch, word_vectors=vectors)
        outputs: list[Hidden] = []
        self._encoder.encode(inputs, batch.lengths, layer_outputs=outputs)
        return (inputs, *outputs)[self._layer], batch


def _num_layers(encoder: SequenceEncoder) -> int:
    core = encoder.core
    return len(core.forward_layers if isinstance(core, BidirectionalStack) else core.layers)


def _parts(texts: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Split texts, sorted by length, into batches of a limited number of words."""
    part: list[Sequence[str]] = []
    for text in texts:
        if part and (len(part) + 1) * len(text) > _MAX_WORDS:
            yield part
            part = []
        part.append(text)
    yield part
