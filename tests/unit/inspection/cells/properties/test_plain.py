import pytest

from nextword.inspection.cells.properties import plain


def test_line_position_of_empty_text_has_no_values() -> None:
    assert plain.line_position("").tolist() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\n\nab", [0, 0, 1, 2]), ("é\tb\n", [1, 2, 3, 0])],
)
def test_line_position_counts_characters_since_the_line_end(text: str, expected: list[int]) -> None:
    assert plain.line_position(text).tolist() == expected


def test_indentation_ends_at_the_first_other_character() -> None:
    assert plain.indentation(" \ta  b\n c").tolist() == [1, 2, 2, 2, 2, 2, 0, 1, 1]


def test_number_and_capital_are_those_of_the_character() -> None:
    assert plain.number("a1B2").tolist() == [0, 1, 0, 1]
    assert plain.capital("a1Bb").tolist() == [0, 0, 1, 0]


def test_sentence_position_restarts_after_an_empty_line() -> None:
    assert plain.sentence_position("ab\n\nc").tolist() == [1, 2, 3, 0, 1]


def test_sentence_position_continues_after_a_point_within_a_word() -> None:
    assert plain.sentence_position("3.14").tolist() == [1, 2, 3, 4]


def test_quotes_are_closed_by_an_empty_line() -> None:
    assert plain.quotes('"a\n\nb').tolist() == [1, 1, 1, 0, 0]


def test_quotes_of_typographers_open_and_close() -> None:
    assert plain.quotes("“a” b").tolist() == [1, 1, 0, 0, 0]


def test_bracket_depth_is_never_negative() -> None:
    assert plain.bracket_depth("))(a").tolist() == [0, 0, 1, 1]
