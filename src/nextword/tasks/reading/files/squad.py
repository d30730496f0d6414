"""Questions from SQuAD's JSON files, versions 1.1 and 2.0."""

import json
import logging
from collections.abc import Iterator
from typing import Any

from nextword.base import DataError
from nextword.tasks.reading.files.item import Item, split_passage
from nextword.tasks.reading.files.json_lines import checked_start
from nextword.tasks.texts import check_characters
from nextword.text import json_fault

_logger = logging.getLogger(__name__)
_HELP = (
    "SQuAD's files have data, a list of articles with paragraphs, each with a context and qas. "
    "Files with one question a line must have the passage in each line."
)


def squad_items(text: str, *, name: str, with_answers: bool) -> Iterator[Item]:
    """Yield the questions of a file in its order.

    Questions without an answer, which version 2.0 has, are left out with a notice.

    Args:
        text: The content of the file.
        name: Name of the file.
        with_answers: Whether questions must have an answer.

    Raises:
        DataError: The file has another structure.
    """
    num_left_out = num_items = 0
    try:
        for article in json.loads(text)["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    num_items += 1
                    if with_answers and not question.get("answers"):
                        num_left_out += 1
                        continue
                    yield _item(paragraph["context"], question, name)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{name}:{error.lineno} is not JSON: {json_fault(error)}.",
            help=_HELP,
        ) from error
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{name} is not a file of SQuAD: {type(error).__name__} {error} after "
            f"{num_items:,} questions.",
            help=_HELP,
        ) from error
    if num_left_out:
        _logger.warning(
            "%s: %s of %s questions have no answer; they are left out",
            name,
            f"{num_left_out:,}",
            f"{num_items:,}",
        )


def _item(context: str, question: dict[str, Any], name: str) -> Item:
    place = f"{name}, question {question['id']}"
    passage, starts = split_passage(context)
    # The same answer may be given by several people.
    answers = {each["text"]: int(each["answer_start"]) for each in question.get("answers", [])}
    check_characters((passage, question["question"], *answers), place=place)
    for text in (passage, question["question"], *answers):
        if not text.strip():
            raise DataError(f"{place}: a text is empty.")
    return Item(
        passage=passage,
        question=question["question"],
        references=tuple(answers),
        answer_starts=tuple(
            checked_start(start, passage=passage, answer=answer, place=place)
            for answer, start in answers.items()
        ),
        starts=starts,
        id=str(question["id"]),
        place=place,
    )
