"""From the texts a person names to token stores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nextword.base import DataError
from training_runs import train

Settings = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("text", "message"), [("", "has 0 characters; .*too few"), ("x", "has 1 characters; .*too few")]
)
def test_train_on_too_little_text_is_refused(
    text: str, message: str, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        train(path, tmp_path / "run", settings())


def test_one_token_corpus_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text("x")
    values = settings(tokenizer={"kind": "character"}, text={"split": (1.0, 0.0, 0.0)})

    with pytest.raises(DataError, match="at least 2 are needed"):
        train(path, tmp_path / "run", values)
