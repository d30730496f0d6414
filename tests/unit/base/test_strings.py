"""Arguments that are one string, and arguments that are several."""

import pytest

from nextword.base import ConfigError, require_several, require_text


@pytest.mark.parametrize(
    ("text", "help"),
    [(["the"], "once for each text"), (b"the", "once for each text"), (None, 'context="the old')],
)
def test_require_text_refuses_everything_but_one_string(text: object, help: str) -> None:
    with pytest.raises(ConfigError, match=r"context is of type .*; one string is") as found:
        require_text("context", text)

    assert help in found.value.help


def test_require_several_refuses_one_string() -> None:
    with pytest.raises(ConfigError, match="lines is a single string"):
        require_several("lines", "the old man")
