"""One browser for all tests of the page."""

from collections.abc import Iterator
from typing import Any

import pytest

from chromium import started_chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with started_chromium() as browser:
        yield browser
