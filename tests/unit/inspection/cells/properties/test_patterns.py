import pytest

from nextword.base import ConfigError
from nextword.inspection.cells import pattern_property


def test_pattern_is_searched_in_lines() -> None:
    assert pattern_property("first", "^.").of("ab\nc").tolist() == [1, 0, 0, 1]


def test_pattern_that_is_not_an_expression_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"property 'bad', '\(', is not a regular expression"):
        pattern_property("bad", "(")
