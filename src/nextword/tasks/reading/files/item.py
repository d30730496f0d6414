"""A question about a passage, as every format of files gives it."""

from dataclasses import dataclass

from nextword.tasks.reading.words import sentence_starts


@dataclass(frozen=True, kw_only=True)
class Turn:
    """An earlier turn of a conversation.

    Attributes:
        question: What was asked or said.
        answer: The answer; empty if the turn is a text alone.
    """

    question: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A question about a passage.

    Attributes:
        passage: The passage.
        question: The question.
        references: Acceptable answers, each once; empty for a question alone.
        history: Earlier turns, oldest first.
        candidates: Answers to choose from; empty if there is no such list.
        supporting: Sentences that the answer follows from, from 0, in the order of the reasoning.
        answer_starts: For each reference, the character of the passage where it begins; empty if
            that is unknown.
        starts: First character of each sentence of the passage.
        id: Name of the question; empty if it has none.
        place: File and line, for messages.
    """

    passage: str
    question: str
    references: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    candidates: tuple[str, ...] = ()
    supporting: tuple[int, ...] = ()
    answer_starts: tuple[int, ...] = ()
    starts: tuple[int, ...] = (0,)
    id: str = ""
    place: str = "the question"


def join_sentences(sentences: list[str]) -> tuple[str, tuple[int, ...]]:
    """Return sentences as one passage, and the first character of each.

    Args:
        sentences: The sentences.

    Example:
        >>> join_sentences(["It rains.", "Take a coat."])
        ('It rains. Take a coat.', (0, 10))
    """
    starts, length = [], 0
    for sentence in sentences:
        starts.append(length)
        length += len(sentence) + 1
    return " ".join(sentences), tuple(starts)


def split_passage(passage: str | list[str]) -> tuple[str, tuple[int, ...]]:
    """Return a passage and the first character of each of its sentences.

    Args:
        passage: The passage, or its sentences.
    """
    if isinstance(passage, str):
        return passage, sentence_starts(passage)
    return join_sentences(passage)
