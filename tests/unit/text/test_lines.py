import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.text import lines
from nextword.text.lines import text_lines, whole_lines
from nextword.tokens import TokenizerConfig, train_tokenizer

WHITE_SPACE = ("  ", "   ", "\u00a0 ", "\u3000  ", "\t ", "    ")
TRAINING_TEXT = "".join(f"a{space}b ab.{space}\u0416" for space in WHITE_SPACE) * 3 + "\n"
TOKENIZERS = {
    config.kind: train_tokenizer(config, [TRAINING_TEXT])
    for config in (
        TokenizerConfig(kind="word", min_count=1),
        TokenizerConfig(kind="character"),
        TokenizerConfig(kind="byte"),
        TokenizerConfig(kind="bpe", vocab_size=330),
    )
}


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONG_LINE_BYTES", 20)
    monkeypatch.setattr(lines, "MAX_UNBROKEN_BYTES", 40)


def pieces_of(*blocks: bytes, may_cut: bool = True) -> list[bytes]:
    return list(whole_lines(blocks, name="a.txt", may_cut=may_cut))


@pytest.mark.usefixtures("small_limits")
def test_whole_lines_long_line_is_cut_before_a_blank() -> None:
    block = b"the students opened their books and left"

    assert pieces_of(block, b"\nthe end") == [
        b"the students opened their books and",
        b" left\n",
        b"the end",
    ]


@pytest.mark.usefixtures("small_limits")
def test_whole_lines_unbroken_text_tells_its_place() -> None:
    with pytest.raises(DataError, match=r"more than 40 bytes without .* starting at byte 6\."):
        pieces_of(b"first\n", b"x" * 30, b"x" * 30)


@pytest.mark.usefixtures("small_limits")
def test_whole_lines_long_line_that_must_be_whole_tells_its_place() -> None:
    with pytest.raises(DataError, match=r"a line of more than 40 bytes, starting at byte 6\."):
        pieces_of(b"first\n", b"the students opened their books and left", b" ", may_cut=False)


@pytest.mark.parametrize("kind", ["word", "character", "byte", "bpe"])
@given(text=st.text(alphabet="ab   \t\u00a0\u3000\u0416.", max_size=20))
def test_whole_lines_cut_changes_no_token(kind: str, text: str) -> None:
    tokenizer = TOKENIZERS[kind]
    content = text.encode()
    cut = lines._last_blank(bytearray(content), 0)

    parts = [content[:cut].decode(), content[cut:].decode()]

    ids = [number for part in parts for number in tokenizer.encode(part).ids.tolist()]
    assert ids == tokenizer.encode(text).ids.tolist()


def test_whole_lines_line_of_ten_megabytes_stays_whole() -> None:
    blocks = [b"ab " * (1 << 19)] * 7

    assert pieces_of(*blocks, b"\n") == [b"".join(blocks) + b"\n"]


def test_whole_lines_gigabytes_of_nothing_are_refused_soon() -> None:
    num_read = 0

    def blocks() -> Iterator[bytes]:
        nonlocal num_read
        for _ in range(10_000):
            num_read += 1
            yield bytes(1 << 20)

    with pytest.raises(DataError, match="33,554,432 bytes without a line end or a blank"):
        list(whole_lines(blocks(), name="a.gz", may_cut=True))
    assert num_read == 33


def test_text_lines_joins_the_pieces_of_a_line() -> None:
    assert list(text_lines(["one\ntw", "o", "\n\nthree"], name="a")) == ["one", "two", "", "three"]


@pytest.mark.usefixtures("small_limits")
def test_text_lines_line_that_is_too_long_tells_its_number() -> None:
    with pytest.raises(DataError, match=re.escape("a.txt:2 has more than 40 characters")):
        list(text_lines(["one\n", "two " * 6, "two " * 6], name="a.txt"))
