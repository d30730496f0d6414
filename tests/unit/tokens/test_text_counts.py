import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.tokens import TextCounts, count_text

TEXTS = st.text(alphabet="a é\n\t\u00a0€😀\udcff")


@pytest.mark.parametrize(
    ("text", "num_words"),
    [
        ("", 0),
        ("\n", 1),
        ("the students\n", 3),
        ("the students", 2),
        ("a\tb\0c\rd  e", 5),
        ("a\vb\fc", 1),
        ("no\u00a0break\u2003here\x85now\x1c", 1),
    ],
)
def test_count_text_words_are_separated_where_lmplz_separates_them(
    text: str, num_words: int
) -> None:
    assert count_text(text).num_words == num_words


def test_count_text_counts_code_points_and_bytes() -> None:
    assert count_text("é😀\udcff\n") == TextCounts(num_words=2, num_characters=4, num_bytes=8)


@given(lines=st.lists(TEXTS.map(lambda text: text + "\n")))
def test_count_text_sum_over_lines_is_count_of_the_whole(lines: list[str]) -> None:
    total = TextCounts()
    for line in lines:
        total += count_text(line)

    assert total == count_text("".join(lines))


def test_count_text_surrogate_that_is_no_byte_is_refused() -> None:
    with pytest.raises(DataError, match=r"lone surrogate U\+D800 at character 2; it has no bytes"):
        count_text("ab\ud800")
