"""Words of a text."""

import pytest

from nextword.tasks.classification.splitting import splitter


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Not bad!", ["Not", "bad", "!"]),
        ("it 's n't", ["it", "'s", "n't"]),
        ("well-made, 3.5 stars", ["well-made", ",", "3.5", "stars"]),
        ("¡qué!", ["¡", "qué", "!"]),
        ("so :-)", ["so", ":", "-", ")"]),
        ("  \t ", []),
        ("ça\u00a0va", ["ça", "va"]),
    ],
)
def test_splitter_separates_punctuation(text: str, words: list[str]) -> None:
    assert splitter("punctuation")(text) == words


def test_splitter_at_blanks_keeps_punctuation() -> None:
    assert splitter("blanks")(" Not  bad! ") == ["Not", "bad!"]


def test_splitter_into_characters_leaves_blanks_out() -> None:
    assert splitter("characters")("很 好!") == ["很", "好", "!"]
