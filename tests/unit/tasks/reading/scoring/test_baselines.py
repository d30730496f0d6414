"""The baselines: question only, and last mention."""

import pytest

from nextword.base import FormatError
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.scoring import Baselines

ITEMS = [
    Item(passage="p", question=question, references=(answer,))
    for question, answer in (
        ("Where is Anna?", "hall"),
        ("Where is Anna?", "attic"),
        ("Where is Anna?", "attic"),
        ("Where is Paul?", "red hall"),
        ("Where is Emma?", "hall"),
        ("Where is Hugo?", "hall"),
        ("What is it?", "cup"),
    )
]


@pytest.fixture
def baselines() -> Baselines:
    return Baselines.of(ITEMS)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where is anna", "attic"),
        ("Where is Leo?", "hall"),
        ("What is that?", "cup"),
        ("Who?", "hall"),
    ],
)
def test_question_only_backs_off_to_the_type_and_to_all(
    baselines: Baselines, question: str, answer: str
) -> None:
    assert baselines.question_only(question) == answer


@pytest.mark.parametrize(
    ("question", "passage", "answer"),
    [
        ("Where is Leo?", "Leo was in the Hall. He took the cup.", "Hall"),
        ("Where is Leo?", "Leo was in the attic. He saw the red hall. Oh.", "hall"),
        ("What is it?", "A cup in the hall.", "cup"),
        ("Who is it?", "No answer is here!", "here"),
    ],
)
def test_last_mention_is_of_the_type_of_the_question(
    baselines: Baselines, question: str, passage: str, answer: str
) -> None:
    assert baselines.last_mention(question, passage) == answer


def test_last_mention_looks_for_candidates(baselines: Baselines) -> None:
    passage = "Anna saw Paul in the hall."

    assert baselines.last_mention("Where is it?", passage, candidates=("Anna", "Paul")) == "Paul"


def test_baselines_from_their_values_are_equal(baselines: Baselines) -> None:
    assert Baselines.from_values(baselines.to_values()) == baselines
    with pytest.raises(FormatError, match="KeyError 'majority'"):
        Baselines.from_values({})
