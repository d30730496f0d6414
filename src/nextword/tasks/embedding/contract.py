"""The contract of everything that turns texts into vectors, and reading texts in batches."""

import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from nextword.base import ConfigError, DataError, DivergedError, require_count
from nextword.tasks.embedding.pooling import Vectors

DEFAULT_BATCH_SIZE = 32
#: Batches in a group of texts that is read before the first vector is returned. Texts of a group
#: are sorted by length, which leaves little padding.
_BATCHES_PER_GROUP = 8

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class TextVector:
    """A text with its vector.

    Attributes:
        line: Number of the text, from 1.
        text: The text.
        vector: Its vector, (size).
    """

    line: int
    text: str
    vector: Float32[np.ndarray, " size"]


class VectorEncoder(ABC):
    """Turns texts into vectors. The vector of a text does not depend on other texts.

    A subclass sets the attributes, and defines `length` and `encode_batch`.

    Attributes:
        name: Name of the model, for error messages.
        size: Size of the vectors.
        batch_size: Number of texts in a batch; only affects speed.
    """

    name: str
    size: int
    batch_size: int

    @abstractmethod
    def prepare(self, text: str, *, line: int) -> Sequence[object]:
        """Return the tokens of a text.

        Args:
            text: The text.
            line: Its number, for error messages.

        Raises:
            DataError: The text cannot be encoded.
        """

    @abstractmethod
    def encode_batch(self, texts: Sequence[Sequence[object]]) -> Vectors:
        """Return the vectors of texts, (texts, size).

        Args:
            texts: The results of `prepare`; each has at least one token.
        """

    def encode(self, texts: Iterable[str]) -> Vectors:
        """Return the vectors of texts, (texts, size), in float32; a text without tokens gets zeros.

        Args:
            texts: The texts; a newline at the end of a text is not read.

        Raises:
            ConfigError: A single string is passed.
            DataError: A text cannot be encoded.
            DivergedError: The model returns values that are not finite.
        """
        vectors = [each.vector for each in self.stream(texts)]
        return np.stack(vectors) if vectors else np.zeros((0, self.size), dtype=np.float32)

    def stream(self, texts: Iterable[str]) -> Iterator[TextVector]:
        """Iterate over texts with their vectors, in order and in bounded memory.

        Arguments and errors are those of `encode`.
        """
        if isinstance(texts, str):
            raise ConfigError(
                f"texts is the string {texts[:40]!r}; several texts are expected.",
                help="Pass a list, as in encode([text]).",
            )
        require_count("batch_size", self.batch_size, low=1)
        return self._stream(texts)

    def _stream(self, texts: Iterable[str]) -> Iterator[TextVector]:
        numbered, num_empty = enumerate(texts, start=1), 0
        while group := list(itertools.islice(numbered, self.batch_size * _BATCHES_PER_GROUP)):
            group = [(line, _checked(line, text)) for line, text in group]
            tokens = [self.prepare(text, line=line) for line, text in group]
            num_empty += sum(not each for each in tokens)
            vectors = self._encode_group(tokens)
            for (line, text), vector in zip(group, vectors, strict=True):
                self._refuse_not_finite(vector, line)
                yield TextVector(line=line, text=text, vector=vector)
        if num_empty:
            _logger.info(
                "texts without tokens: %s; their vectors are zeros",
                f"{num_empty:,}",
                extra={"notice": True},
            )

    def _encode_group(self, texts: Sequence[Sequence[object]]) -> Vectors:
        vectors = np.zeros((len(texts), self.size), dtype=np.float32)
        order = sorted((i for i, text in enumerate(texts) if text), key=lambda i: len(texts[i]))
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            vectors[batch] = self.encode_batch([texts[i] for i in batch])
        return vectors

    def _refuse_not_finite(self, vector: Float32[np.ndarray, " size"], line: int) -> None:
        if not np.isfinite(vector).all():
            raise DivergedError(
                f"{self.name} returns values that are not finite for line {line}.",
                help="Its weights are not finite; use an earlier checkpoint.",
            )


class EncodesTexts(ABC):
    """A model with an `encode` method; a subclass defines `vector_encoder`."""

    @abstractmethod
    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> VectorEncoder:
        """Return an encoder from texts to vectors.

        Args:
            pooling: From the vectors of the tokens of a text to one: `last`, `mean` or `max`.
            layer: Layer whose outputs are pooled: 0 is the embeddings, 1 the lowest layer, -1 the
                highest one.
            batch_size: Number of texts in a batch; 32 when None. Vectors do not depend on it.

        Raises:
            ConfigError: The model has no hidden states, the pooling is unknown, or there is no such
                layer.
        """

    def encode(
        self,
        texts: Iterable[str],
        *,
        pooling: str = "mean",
        layer: int = -1,
        batch_size: int | None = None,
    ) -> Vectors:
        """Return one vector for each text.

        A vector covers the tokens of the text. A language model also reads the boundary before
        them, whose own hidden state is not pooled; the line end is not read. A text without tokens
        gets zeros.

        Args:
            texts: The texts.
            pooling: See `vector_encoder`.
            layer: See `vector_encoder`.
            batch_size: See `vector_encoder`.

        Returns:
            (texts, size), float32.

        Raises:
            ConfigError: The model has no hidden states, the pooling is unknown, there is no such
                layer, or `texts` is a single string.
            DataError: A text cannot be encoded.
        """
        return self.vector_encoder(pooling=pooling, layer=layer, batch_size=batch_size).encode(
            texts
        )


def checked_layer(layer: int, *, num_layers: int, name: str) -> int:
    """Return the number of a layer, counted from the embeddings, which are layer 0.

    Args:
        layer: 0 for the embeddings, 1 for the lowest layer; negative from the highest one.
        num_layers: Number of layers, without the embeddings.
        name: Name of the model, for error messages.

    Raises:
        ConfigError: There is no such layer.

    Example:
        >>> checked_layer(-1, num_layers=2, name="runs/lm")
        2
    """
    if not -num_layers - 1 <= layer <= num_layers:
        raise ConfigError(
            f"layer is {layer}, but {name} has the layers 0 (embeddings) to {num_layers}.",
            help=f"Choose one from 0 to {num_layers}, or from -1 (the highest) to "
            f"{-num_layers - 1} (the embeddings).",
            setting="layer",
        )
    return layer if layer >= 0 else num_layers + 1 + layer


def _checked(line: int, text: object) -> str:
    if not isinstance(text, str):
        raise DataError(
            f"text {line} is of type {type(text).__name__}; a string is expected.",
            help="Convert it with str, or leave it out.",
        )
    return text.removesuffix("\n")
