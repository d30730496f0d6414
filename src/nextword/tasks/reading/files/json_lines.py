"""Questions from JSON lines: one object a line with a passage, a question and an answer."""

import json
from collections.abc import Mapping
from typing import Any

from nextword.base import DataError, did_you_mean, shortened
from nextword.tasks.reading.files.item import Item, Turn, split_passage
from nextword.tasks.texts import check_characters, json_object

FORMAT_HELP = (
    'Each line is an object such as {"passage": "...", "question": "...", "answer": "..."}, where '
    "answer may be a list of references, and history, candidates and supporting are optional."
)


def json_item(line: str, place: str, *, with_answers: bool) -> Item:
    """Return the question of one line.

    Args:
        line: The line.
        place: File and line, for messages.
        with_answers: Whether there must be an answer.

    Raises:
        DataError: A key is missing, or a value has another type.
    """
    values = json_object(line, place=place, help=FORMAT_HELP)
    required = ("passage", "question", "answer") if with_answers else ("passage", "question")
    for key in required:
        if key not in values:
            help = did_you_mean(key, values) or FORMAT_HELP
            raise DataError(f"{place} has no key {key!r}.", help=help)
    passage, starts = _passage(values["passage"], place)
    question = _text(values["question"], "question", place)
    history = tuple(_turn(each, place) for each in _list(values, "history", place))
    candidates = tuple(
        _text(each, "candidate", place) for each in _list(values, "candidates", place)
    )
    references = _references(values, place, with_answers=with_answers)
    turns = (text for turn in history for text in (turn.question, turn.answer))
    check_characters((passage, question, *references, *candidates, *turns), place=place)
    return Item(
        passage=passage,
        question=question,
        references=references,
        history=history,
        candidates=tuple(dict.fromkeys(candidates)),
        supporting=_supporting(values, len(starts), place),
        answer_starts=_answer_starts(values, passage, references, place),
        starts=starts,
        id=str(values.get("id", "")),
        place=place,
    )


def _text(value: object, name: str, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(
            f"{place}: the {name} is not text but {shortened(json.dumps(value))}.",
            help=FORMAT_HELP,
        )
    if not value.strip():
        raise DataError(f"{place}: the {name} is empty.", help=FORMAT_HELP)
    return value


def _list(values: Mapping[str, Any], key: str, place: str) -> list[Any]:
    found = values.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise DataError(
            f"{place}: {key} is not a list but {shortened(str(found))}.", help=FORMAT_HELP
        )
    return found


def _passage(value: object, place: str) -> tuple[str, tuple[int, ...]]:
    if isinstance(value, list) and value:
        return split_passage([_text(each, "sentence", place) for each in value])
    return split_passage(_text(value, "passage", place))


def _turn(value: object, place: str) -> Turn:
    if isinstance(value, str):
        return Turn(question=_text(value, "turn", place))
    if not isinstance(value, dict) or "question" not in value:
        raise DataError(
            f"{place}: {shortened(str(value))} is not a turn of a conversation.",
            help='A turn is a text, or an object such as {"question": "...", "answer": "..."}.',
        )
    answer = value.get("answer") or ""
    if not isinstance(answer, str):
        raise DataError(f"{place}: the answer of a turn is not text but {shortened(str(answer))}.")
    return Turn(question=_text(value["question"], "question of a turn", place), answer=answer)


def _references(values: Mapping[str, Any], place: str, *, with_answers: bool) -> tuple[str, ...]:
    answers = values.get("answer", [])
    if answers is None and not with_answers:
        answers = []
    references = answers if isinstance(answers, list) else [answers]
    if with_answers and not references:
        raise DataError(f"{place}: the list of answers is empty.", help=FORMAT_HELP)
    return tuple(dict.fromkeys(_text(each, "answer", place) for each in references))


def _supporting(values: Mapping[str, Any], num_sentences: int, place: str) -> tuple[int, ...]:
    numbers = _list(values, "supporting", place)
    for number in numbers:
        if type(number) is not int or not 1 <= number <= num_sentences:
            raise DataError(
                f"{place}: the supporting sentence {shortened(str(number))} is not one of the "
                f"{num_sentences} sentences of the passage.",
                help="Sentences are numbered from 1; the passage may be a list of sentences.",
            )
    return tuple(number - 1 for number in dict.fromkeys(numbers))


def _answer_starts(
    values: Mapping[str, Any], passage: str, references: tuple[str, ...], place: str
) -> tuple[int, ...]:
    start = values.get("answer_start")
    if start is None:
        return ()
    if type(start) is not int or len(references) != 1:
        raise DataError(
            f"{place}: answer_start is {shortened(str(start))} with {len(references)} answers.",
            help="It is the character where the one answer begins, from 0.",
        )
    return (checked_start(start, passage=passage, answer=references[0], place=place),)


def checked_start(start: int, *, passage: str, answer: str, place: str) -> int:
    """Return the place of an answer in a passage.

    Args:
        start: The place.
        passage: The passage.
        answer: The answer.
        place: File and line, for messages.

    Raises:
        DataError: The passage has another text at that place.
    """
    found = passage[start : start + len(answer)] if start >= 0 else ""
    if found.lower() != answer.lower():
        raise DataError(
            f"{place}: the answer {shortened(answer)} does not begin at character {start} of the "
            f"passage; the text at that place is {shortened(found)}.",
            help="Correct answer_start, which counts characters from 0, or leave it out.",
        )
    return start
