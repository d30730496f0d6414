"""One text with its labels, and the rules for labels. Knows no file formats."""

from dataclasses import dataclass

from nextword.base import DataError, shortened

#: Characters that end a column or a line.
_CONTROL = frozenset("\t\n\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class TextRow:
    """A text of a file.

    Attributes:
        text: The text.
        labels: Its labels, without repetition; empty if the file is read without labels.
        place: File and line, for messages.
    """

    text: str
    labels: tuple[str, ...] = ()
    place: str


def checked_labels(labels: list[str], *, multi_label: bool, place: str) -> tuple[str, ...]:
    """Return labels without blanks around them and without repetition.

    Args:
        labels: The labels of a row.
        multi_label: Whether a row may have any number of labels.
        place: File and line, for messages.

    Raises:
        DataError: A row with a single label has none, or more than one, or a label contains a tab
            or a line end.
    """
    found = tuple(dict.fromkeys(label.strip() for label in labels if label.strip()))
    for label in found:
        if not _CONTROL.isdisjoint(label):
            raise DataError(
                f"{place}: the label {shortened(label)} contains a tab or a line end.",
                help="Rename the label; the output of predictions has labels in columns.",
            )
    if multi_label or len(found) == 1:
        return found
    if not found:
        raise DataError(
            f"{place}: the label is empty.",
            help="Fill it in or remove the row; texts without a label need "
            "--set classification.multi_label=true.",
        )
    raise DataError(
        f"{place} has {len(found)} labels, such as {shortened(found[0])} and "
        f"{shortened(found[1])}, where one is expected.",
        help="For texts with several labels use --set classification.multi_label=true.",
    )
