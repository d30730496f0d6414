"""Confusion matrices: how often each expected label is predicted as each label."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from nextword.base import Values

Counts = Int64[np.ndarray, "labels labels"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfusionMatrix:
    """Numbers of items by expected and predicted label.

    Attributes:
        labels: The labels, in the order of rows and columns.
        counts: Number of items, (labels, labels): a row for each expected label, a column for each
            predicted one.
    """

    labels: tuple[str, ...]
    counts: Counts

    @classmethod
    def from_pairs(
        cls, pairs: Mapping[tuple[str, str], int], *, labels: Sequence[str] | None = None
    ) -> "ConfusionMatrix":
        """Return the matrix of counted pairs.

        Args:
            pairs: Number of items by (expected, predicted).
            labels: Order of the labels. Labels that are not named follow, sorted.
        """
        named = tuple(dict.fromkeys(labels or ()))
        seen = {label for pair in pairs for label in pair}
        ordered = named + tuple(sorted(seen.difference(named)))
        position = {label: number for number, label in enumerate(ordered)}
        counts = np.zeros((len(ordered), len(ordered)), dtype=np.int64)
        for (expected, predicted), number in pairs.items():
            counts[position[expected], position[predicted]] = number
        return cls(labels=ordered, counts=counts)

    @property
    def num_items(self) -> int:
        """Number of items."""
        return int(self.counts.sum())

    def most_confused(self, number: int = 10) -> list[tuple[str, str, int]]:
        """Return the most frequent errors as (expected, predicted, count), most frequent first.

        Args:
            number: Maximum number of errors.
        """
        errors = Counter(
            {
                (self.labels[row], self.labels[column]): int(self.counts[row, column])
                for row, column in zip(*np.nonzero(self.counts), strict=True)
                if row != column
            }
        )
        return [(expected, predicted, n) for (expected, predicted), n in errors.most_common(number)]

    def most_frequent(self, number: int) -> "ConfusionMatrix":
        """Return a smaller matrix, in which rare labels share one row and one column.

        Args:
            number: Maximum number of labels, at least 2; the last one stands for all others.
        """
        if len(self.labels) <= number:
            return self
        frequency = self.counts.sum(0) + self.counts.sum(1)
        kept = np.sort(np.argsort(-frequency, kind="stable")[: number - 1])
        group = np.full(len(self.labels), number - 1)
        group[kept] = np.arange(number - 1)
        counts = np.zeros((number, number), dtype=np.int64)
        np.add.at(counts, (group[:, None], group[None, :]), self.counts)
        others = f"({len(self.labels) - number + 1} other labels)"
        return ConfusionMatrix(labels=(*(self.labels[i] for i in kept), others), counts=counts)

    def to_dict(self) -> Values:
        """Return the matrix as JSON values."""
        return {"labels": list(self.labels), "counts": self.counts.tolist()}

    def table(self) -> str:
        """Return the matrix as tab-separated lines, with the labels in the first row and column."""
        return "\n".join(map("\t".join, self._rows())) + "\n"

    def _rows(self) -> Iterable[list[str]]:
        yield ["expected \\ predicted", *self.labels]
        for label, row in zip(self.labels, self.counts.tolist(), strict=True):
            yield [label, *map(str, row)]

    def draw(self, path: Path) -> None:
        """Draw the matrix as a PNG file.

        Args:
            path: The file to write; its folder must exist.
        """
        # Imported here because matplotlib takes longer to load than a model.
        from nextword.tasks.metrics.pictures import draw_confusion

        draw_confusion(self, path)
