"""Files of questions: formats, their detection, and what is refused."""

import io
import json
import logging
from pathlib import Path

import pytest

from nextword.base import DataError
from nextword.tasks.reading.files import Item, Turn, read_items

COMPLETE = '{"passage": "a", "question": "b", "answer": "c"'
BABI = (
    "1 Mary went to the hall.\n"
    "2 John took the cup.\n"
    "3 Where is Mary? \thall\t1\n"
    "4 John went to the attic.\n"
    "5 Where is the cup?\tattic\t2 4\n"
    "1 Emma left.\n"
    "2 Who left?\tEmma\t1\n"
)


def squad(**question: object) -> dict:
    answers = [{"text": "in 1969", "answer_start": 14}, {"text": "1969", "answer_start": 17}]
    return {
        "version": "1.1",
        "data": [
            {
                "title": "Moon",
                "paragraphs": [
                    {
                        "context": "They landed   in 1969. All came back.",
                        "qas": [{"id": "a1", "question": "When?", "answers": answers} | question],
                    }
                ],
            }
        ],
    }


def written(tmp_path: Path, content: str | bytes, name: str = "questions.txt") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def items(path: str, **options: bool) -> list[Item]:
    return list(read_items([path], **options))


def test_read_items_json_lines_with_everything(tmp_path: Path) -> None:
    values = {
        "passage": ["Anna is here.", "She has a cup."],
        "question": "What has she?",
        "answer": ["a cup", "cup"],
        "history": ["Hello.", {"question": "Who is here?", "answer": "Anna"}],
        "candidates": ["a cup", "a hat", "a cup"],
        "supporting": [2],
        "id": 7,
    }

    (item,) = items(written(tmp_path, json.dumps(values)))

    assert item.passage == "Anna is here. She has a cup."
    assert item.starts == (0, 14)
    assert item.references == ("a cup", "cup")
    assert item.history == (Turn(question="Hello."), Turn(question="Who is here?", answer="Anna"))
    assert item.candidates == ("a cup", "a hat")
    assert item.supporting == (1,)
    assert item.id == "7"


def test_read_items_babi_is_detected_and_facts_are_sentences(tmp_path: Path) -> None:
    first, second, third = items(written(tmp_path, BABI))

    assert (first.question, first.references, first.supporting) == (
        "Where is Mary?",
        ("hall",),
        (0,),
    )
    assert second.passage == "Mary went to the hall. John took the cup. John went to the attic."
    assert second.supporting == (1, 2)
    assert third.passage == "Emma left."


@pytest.mark.parametrize("indent", [None, 2])
def test_read_items_squad_is_detected(tmp_path: Path, indent: int | None) -> None:
    (item,) = items(written(tmp_path, json.dumps(squad(), indent=indent)))

    assert item.references == ("in 1969", "1969")
    assert item.answer_starts == (14, 17)
    assert item.starts == (0, 23)
    assert item.id == "a1"


def test_read_items_squad_without_answer_is_left_out_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, json.dumps(squad(answers=[], is_impossible=True)))

    with caplog.at_level(logging.WARNING):
        assert items(path) == []
    assert "1 of 1 questions have no answer; they are left out" in caplog.text
    assert len(items(path, with_answers=False)) == 1


def test_read_items_squad_with_a_wrong_place_is_refused(tmp_path: Path) -> None:
    values = squad(answers=[{"text": "1969", "answer_start": 3}])

    with pytest.raises(
        DataError, match=r"'1969' does not begin at character 3 .*the text at that place is 'y la'"
    ):
        items(written(tmp_path, json.dumps(values)))


def test_read_items_byte_order_mark_and_carriage_returns_do_not_matter(tmp_path: Path) -> None:
    line = json.dumps({"passage": "A cup.", "question": "What?", "answer": "cup"})
    windows = "\ufeff" + f"{line}\n\n{line}\n".replace("\n", "\r\n")

    assert [each.passage for each in items(written(tmp_path, windows))] == ["A cup."] * 2
    marked = "\ufeff" + BABI.replace("\n", "\r\n")
    assert len(items(written(tmp_path, marked))) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty: it has no questions"),
        (f'{COMPLETE}, "supporting": [2]}}', "the supporting sentence '2' is not one of the 1"),
        (f'{COMPLETE}, "history": "d"}}', "history is not a list"),
        (f'{COMPLETE}, "history": [3]}}', "is not a turn"),
        ('{"passage": "a"}\n', "txt:1 has no key 'question'"),
        ('{"passage": "a", "question": "b"}', "txt:1 has no key 'answer'"),
        ('{"passage": "a", "question": "b", "answer": []}', "the list of answers is empty"),
        ('{"passage": "", "question": "b", "answer": "c"}', "the passage is empty"),
        ('{"passage": "a", "question": 3, "answer": "c"}', "the question is not text but"),
        ('{"passage": "a", "question": "b", "answer": "c", "history": [3]}', "is not a turn"),
        ('{"passage": "a", "question": "b", "answer": "a", "answer_start": 5}', "does not begin"),
        ('{"passage": "\\ud800", "question": "b", "answer": "c"}', "a lone surrogate"),
        ('{"passage": "a", "question": "b", "answer": "c"}\nno', "txt:2 is not JSON"),
        ('{"data": [{"paragraphs": [{}]}]}', "is not a file of SQuAD"),
        ("A text.\n", "txt:1 is neither a JSON object nor"),
        ("1 Mary left.\nJohn left.\n", "txt:2 has no line number"),
        ("1 Mary left.\n2 Who left?\n", "txt:2: the question has no answer"),
        ("1 Mary left.\n2 Who left?\tMary\t3\n", "the supporting line '3' is not a sentence"),
        (b"\xff{}", "questions.txt"),
    ],
)
def test_read_items_bad_file_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        items(written(tmp_path, content))


def test_read_items_near_miss_of_a_key_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        items(written(tmp_path, '{"pasage": "a", "question": "b", "answer": "c"}'))

    assert "passage" in caught.value.message
    assert "pasage" in caught.value.help


def test_read_items_without_answers_accepts_null(tmp_path: Path) -> None:
    path = written(tmp_path, '{"passage": "a b", "question": "who", "answer": null}\n')

    [item] = items(path, with_answers=False)

    assert item.references == ()
    with pytest.raises(DataError, match="the answer is not text but 'null'"):
        items(path)


def test_read_items_json_lines_on_standard_input_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = io.BytesIO(b'{"passage": "a b", "question": "who", "answer": "a"}\n')

    [item] = read_items(["-"], standard_input=stream)

    assert item.references == ("a",)
    assert not caplog.records
