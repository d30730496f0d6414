import pytest

from nextword.base import ConfigError
from nextword.keyboard import TextForm, resolve_form, typed_words


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("unchanged", ["Don\u2019t,", "E-mail", "--", "2", "caf\u00e9"]),
        ("lower", ["don\u2019t,", "e-mail", "--", "2", "caf\u00e9"]),
        ("letters", ["don't", "email", "caf\u00e9"]),
    ],
)
def test_typed_words_of_each_form(form: TextForm, expected: list[str]) -> None:
    assert typed_words("Don\u2019t,  E-mail --\t2 caf\u00e9\r", form) == expected


def test_typed_words_apostrophe_alone_is_no_word() -> None:
    assert typed_words("a ' b", "letters") == ["a", "b"]


def test_resolve_form_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="the form of the text is 'leters'") as refused:
        resolve_form("leters")

    assert "letters" in refused.value.help
