"""Labelled sentences as training data: rows of words, label ids, and a hash."""

import hashlib
import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Int64

from nextword.tasks.encoding import Batcher, LabelVocabulary, SentenceRows, TokenBatch
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.labels import LabelCodec
from nextword.tensors import TokenIds

_logger = logging.getLogger(__name__)


class TaggingData:
    """The training sentences as arrays.

    Args:
        sentences: The sentences; longer ones than `max_length` are split.
        batcher: Turns sentences into batches.
        codec: From the labels of files to those inside the model.
        labels: The labels inside the model.
        max_length: Largest number of words of a training example.
    """

    def __init__(
        self,
        sentences: Sequence[Sentence],
        batcher: Batcher,
        *,
        codec: LabelCodec,
        labels: LabelVocabulary,
        max_length: int,
    ) -> None:
        self._batcher = batcher
        self._rows: list[SentenceRows] = []
        self._label_ids: list[Int64[np.ndarray, " _"]] = []
        num_long = 0
        for sentence in sentences:
            rows, expected = batcher.rows(sentence.words), sentence.labels or ()
            num_long += len(rows) > max_length
            for start in range(0, len(rows), max_length):
                piece = codec.encode(expected[start : start + max_length])
                self._rows.append(rows[start : start + max_length])
                self._label_ids.append(np.array([labels.id(each) for each in piece], np.int64))
        if num_long:
            _logger.info(
                "%s training sentences have more than %s words; they are split for training",
                f"{num_long:,}",
                f"{max_length:,}",
                extra={"notice": True},
            )
        self.fingerprint = sentences_sha256(sentences)

    @property
    def lengths(self) -> list[int]:
        """Number of words of each example."""
        return [len(rows) for rows in self._rows]

    def batch(self, examples: Int64[np.ndarray, " batch"]) -> tuple[TokenBatch, TokenIds]:
        """Return a batch of examples and their label ids, (batch, time).

        Args:
            examples: Indices of the examples.
        """
        batch = self._batcher.collate([self._rows[i] for i in examples])
        label_ids = torch.zeros(batch.places.shape, dtype=torch.int64)
        label_ids[batch.mask()] = torch.from_numpy(
            np.concatenate([self._label_ids[i] for i in examples])
        )
        return batch, label_ids


def sentences_sha256(sentences: Iterable[Sentence]) -> str:
    """Return the SHA-256 of labelled sentences."""
    digest = hashlib.sha256()
    for sentence in sentences:
        content = "\0".join((*sentence.words, "", *(sentence.labels or ())))
        digest.update(content.encode("utf-8", errors="surrogatepass") + b"\n")
    return digest.hexdigest()
