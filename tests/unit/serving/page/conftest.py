"""A browser for the tests of a file.

It runs an event loop in the thread of the tests until it is closed, so that tests of other folders
could not start their own.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from chromium import started_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_chromium() as browser:
        yield browser
