"""Sentences for tests of taggers."""

from nextword.tasks.tagging.files import Sentence


def sentence_of(words: str, labels: str) -> Sentence:
    """Return a sentence of words and labels that are separated by blanks; each is a line."""
    names = tuple(words.split())
    return Sentence(
        words=names,
        labels=tuple(labels.split()),
        file="dev.txt",
        first_line=1,
        lines=(),
        rows=tuple(range(len(names))),
    )
