"""Questions from the text format of the bAbI tasks: numbered sentences with questions among them.

A story begins with line number 1. A question has a tab, its answer, and possibly another tab and
the numbers of the lines that the answer follows from. Source: [weston2016].
"""

import re
from collections.abc import Iterable, Iterator

from nextword.base import DataError, shortened
from nextword.tasks.reading.files.item import Item, join_sentences

_LINE = re.compile(r"(\d+) (.*)")
_HELP = (
    'bAbI\'s lines are "1 Mary went to the kitchen." or, for questions, '
    '"2 Where is Mary?<TAB>kitchen<TAB>1".'
)


def looks_like_babi(line: str) -> bool:
    """Return whether the first line of a file is that of a bAbI story.

    Example:
        >>> looks_like_babi("1 Mary went to the kitchen."), looks_like_babi("One day, Mary ...")
        (True, False)
    """
    return line.startswith("1 ")


def babi_items(
    lines: Iterable[tuple[int, str]], *, name: str, with_answers: bool
) -> Iterator[Item]:
    """Yield the questions of a file in its order.

    Args:
        lines: Number and text of the lines of the file that are not blank.
        name: Name of the file.
        with_answers: Whether questions must have an answer.

    Raises:
        DataError: A line has no number or is out of order, or a question has no answer.
    """
    # The sentences of the story, and the index of the sentence of each line number.
    sentences: list[str] = []
    index_of: dict[int, int] = {}
    for line_number, line in lines:
        place = f"{name}:{line_number}"
        match = _LINE.fullmatch(line)
        if match is None:
            raise DataError(f"{place} has no line number: {shortened(line)}.", help=_HELP)
        number, text = int(match.group(1)), match.group(2)
        if number == 1:
            sentences, index_of = [], {}
        if "\t" not in text and not text.rstrip().endswith("?"):
            index_of[number] = len(sentences)
            sentences.append(text.strip())
            continue
        yield _question(text, sentences, index_of, place, with_answers=with_answers)


def _question(
    text: str, sentences: list[str], index_of: dict[int, int], place: str, *, with_answers: bool
) -> Item:
    question, answer, facts = (*(each.strip() for each in text.split("\t")), "", "")[:3]
    if not sentences:
        raise DataError(f"{place}: the question has no sentences before it.", help=_HELP)
    if not question or (with_answers and not answer):
        missing = "answer" if question else "text"
        raise DataError(f"{place}: the question has no {missing}.", help=_HELP)
    supporting = []
    for fact in facts.split():
        if not fact.isdigit() or int(fact) not in index_of:
            raise DataError(
                f"{place}: the supporting line {shortened(fact)} is not a sentence before the "
                "question.",
                help=_HELP,
            )
        supporting.append(index_of[int(fact)])
    passage, starts = join_sentences(sentences)
    return Item(
        passage=passage,
        question=question,
        references=(answer,) if answer else (),
        supporting=tuple(dict.fromkeys(supporting)),
        starts=starts,
        place=place,
    )
