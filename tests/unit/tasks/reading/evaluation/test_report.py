"""Attention as coloured text and as a picture, and the report of an evaluation."""

from pathlib import Path

import numpy as np
import pytest

from nextword.tasks.reading import Answer, Item
from nextword.tasks.reading.evaluation import draw_attention, sentence_attention
from nextword.tasks.reading.evaluation.attention import attention_html
from nextword.tasks.reading.words import split_words

ITEM = Item(passage="A <b> cup. Red $x$.", starts=(0, 11), question="What?", references=("cup",))


@pytest.fixture
def found() -> Answer:
    words = split_words(ITEM.passage)
    attention = np.zeros((2, len(words)))
    attention[0, 0] = 1.0
    attention[1, [4, 6, 7]] = 0.2, 0.7, 0.1
    return Answer(text="cup", log_prob=-0.1, words=words, attention=attention)


def test_sentence_attention_adds_up_the_words_of_each_sentence(found: Answer) -> None:
    shares = sentence_attention(ITEM, found)

    assert shares == pytest.approx(np.array([[1.0, 0.0], [0.2, 0.8]]))


def test_attention_html_says_the_sentence_and_escapes_the_text(found: Answer) -> None:
    page = attention_html(ITEM, found)

    assert "<b>Hop 2</b>: 80 % in sentence 2" in page
    assert "A</span> &lt;b&gt; cup. Red $x$." in page
    assert '<span title="70.0 %" style="background: rgb(86 180 233 / 0.70)">Red</span>' in page


def test_draw_attention_writes_a_picture(found: Answer, tmp_path: Path) -> None:
    draw_attention(ITEM, found, path=tmp_path / "attention.png")

    assert (tmp_path / "attention.png").read_bytes().startswith(b"\x89PNG")
