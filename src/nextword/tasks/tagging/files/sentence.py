"""A sentence of a tagged file, with the lines that it was read from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nextword.base import ShapeError
from nextword.tasks.tagging.files.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence and its lines.

    The lines of all sentences of a file, joined, are the file.

    Attributes:
        words: The words.
        labels: The label of each word; None if the file has no labels or one is missing.
        file: Name of the file.
        first_line: Number of the first of the lines, from 1.
        lines: Lines with their line ends: comments, rows, and blank lines before and after them.
        rows: Index of the line of each word.
        layout: The columns of the file; None for plain text.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...] | None
    file: str
    first_line: int
    lines: tuple[str, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    layout: Layout | None = field(default=None, repr=False)

    def line_number(self, index: int) -> int:
        """Return the line number of a word, from 1.

        Args:
            index: Index of the word.
        """
        return self.first_line + self.rows[index]

    def with_labels(self, labels: Sequence[str]) -> str:
        """Return the lines with other labels, everything else unchanged.

        A file of words alone gets a column of labels. Plain text becomes a line for each word, with
        the word, a tab and its label, and an empty line.

        Args:
            labels: The label of each word.

        Returns:
            Text; encode it with the error handler with which the file was decoded.

        Raises:
            ShapeError: The number of labels is not that of the words.
        """
        if len(labels) != len(self.words):
            raise ShapeError(f"there are {len(labels)} labels for {len(self.words)} words.")
        if self.layout is None:
            pairs = zip(self.words, labels, strict=True)
            return "".join(f"{word}\t{label}\n" for word, label in pairs) + "\n"
        lines = list(self.lines)
        for row, label in zip(self.rows, labels, strict=True):
            lines[row] = self.layout.syntax.replace(
                lines[row], index=self.layout.label_index, value=label
            )
        return "".join(lines)
