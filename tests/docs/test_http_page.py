"""The page on the HTTP interface names every endpoint, field and limit, with its default."""

import dataclasses
import re
from pathlib import Path

import pytest

from nextword.serving import Limits, create_app
from nextword.serving.openai.requests import CompletionRequest
from served_models import served_model

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")


def limits_of_page() -> dict[str, float]:
    section = PAGE.partition("## Limits")[2]
    rows = re.findall(r"^\| (`.+?`) \| (\S+) \|", section, re.M)
    return {name: float(value) for names, value in rows for name in re.findall(r"`(\w+)`", names)}


def test_page_has_the_limits_with_their_defaults() -> None:
    assert limits_of_page() == {k: float(v) for k, v in dataclasses.asdict(Limits()).items()}


@pytest.mark.parametrize("field", sorted(CompletionRequest.model_fields))
def test_page_names_the_field_of_completions(field: str) -> None:
    assert re.search(rf"`{field}[`.]", PAGE)


def test_page_names_every_endpoint() -> None:
    paths = create_app({"words": served_model()}).openapi()["paths"]

    named = PAGE.replace("NAME", "{name}").replace("ID", "{id}")
    missing = [
        path
        for path in paths
        if path not in named and not re.search(rf"`{re.escape(path.rpartition('/')[2])}`", named)
    ]
    assert missing == []
