"""Files of questions about passages: JSON lines, SQuAD's JSON, and bAbI's text format."""

from nextword.tasks.reading.files.item import Item, Turn, split_passage
from nextword.tasks.reading.files.reading import read_items

__all__ = ["Item", "Turn", "read_items", "split_passage"]
