"""Labelled texts as training data: rows of words, n-grams, targets, and a hash."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int32, Int64

from nextword.tasks.classification.files import TextRow
from nextword.tasks.classification.network import NgramBatch, NgramHasher, Targets, TextBatch
from nextword.tasks.classification.splitting import Splitter
from nextword.tasks.encoding import Batcher, LabelVocabulary, SentenceRows

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TextReader:
    """Turns texts into batches.

    Attributes:
        split: Splits a text into words.
        max_length: Number of words from which a text is cut.
        batcher: Turns words into batches.
        hasher: Maps n-grams to slots; None for a model without n-gram features.
    """

    split: Splitter
    max_length: int
    batcher: Batcher
    hasher: NgramHasher | None

    def words(self, text: str | Sequence[str]) -> list[str]:
        """Return the words of a text, up to the largest number of words.

        Args:
            text: The text, or its words.
        """
        words = self.split(text) if isinstance(text, str) else list(text)
        return words[: self.max_length]

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch:
        """Return a batch of texts given as words."""
        ngrams = None
        if self.hasher is not None:
            ngrams = NgramBatch.of([self.hasher.slots(words) for words in texts])
        return TextBatch(tokens=self.batcher.batch(texts), ngrams=ngrams)


class ClassificationData:
    """The training texts as arrays.

    Args:
        rows: The texts.
        reader: Turns texts into batches.
        labels: The labels, which must contain all labels of the texts.
        multi_label: Whether a text may have any number of labels.
    """

    def __init__(
        self,
        rows: Sequence[TextRow],
        reader: TextReader,
        *,
        labels: LabelVocabulary,
        multi_label: bool,
    ) -> None:
        self._batcher = reader.batcher
        self._num_labels = len(labels)
        self._multi_label = multi_label
        self._rows: list[SentenceRows] = []
        self._slots: list[Int32[np.ndarray, " features"]] | None = None
        self._slots = None if reader.hasher is None else []
        num_cut = 0
        for row in rows:
            words = reader.words(row.text)
            num_cut += len(words) == reader.max_length
            self._rows.append(self._batcher.rows(words))
            if self._slots is not None and reader.hasher is not None:
                self._slots.append(reader.hasher.slots(words).astype(np.int32))
        self.label_ids = [label_ids(row.labels, labels) for row in rows]
        self.fingerprint = rows_sha256(rows)
        if num_cut:
            _logger.info(
                "%s training texts have %s words or more; only the first %s are read",
                f"{num_cut:,}",
                f"{reader.max_length:,}",
                f"{reader.max_length:,}",
                extra={"notice": True},
            )

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def lengths(self) -> list[int]:
        """Number of words of each text."""
        return [len(rows) for rows in self._rows]

    def slots(self) -> Iterator[Int64[np.ndarray, " features"]]:
        """Iterate over the slots of the n-grams of each text."""
        return (slots.astype(np.int64) for slots in self._slots or ())

    def batch(self, examples: Int64[np.ndarray, " batch"]) -> tuple[TextBatch, Targets]:
        """Return a batch of texts and their targets.

        Args:
            examples: Indices of the texts.
        """
        ngrams = None
        if self._slots is not None:
            ngrams = NgramBatch.of([self._slots[i].astype(np.int64) for i in examples])
        tokens = self._batcher.collate([self._rows[i] for i in examples])
        return TextBatch(tokens=tokens, ngrams=ngrams), self._targets(examples)

    def _targets(self, examples: Int64[np.ndarray, " batch"]) -> Targets:
        if not self._multi_label:
            return torch.tensor([self.label_ids[i][0] for i in examples], dtype=torch.int64)
        targets = torch.zeros(len(examples), self._num_labels)
        for row, i in enumerate(examples):
            targets[row, self.label_ids[i]] = 1.0
        return targets


def label_ids(names: Sequence[str], labels: LabelVocabulary) -> list[int]:
    """Return the ids of labels that are in the vocabulary."""
    found = (labels.id(name) for name in names)
    return [number for number in found if number is not None]


def label_counts(rows: Iterable[TextRow]) -> Counter[str]:
    """Return the number of texts with each label."""
    return Counter(label for row in rows for label in row.labels)


def rows_sha256(rows: Iterable[TextRow]) -> str:
    """Return the SHA-256 of labelled texts."""
    digest = hashlib.sha256()
    for row in rows:
        content = "\0".join((row.text, *row.labels))
        digest.update(content.encode("utf-8", errors="surrogatepass") + b"\n")
    return digest.hexdigest()
