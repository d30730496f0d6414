"""A headless Chromium for tests of pages; they skip where it or playwright is missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

#: Names of the program, as distributions call it.
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def started_chromium() -> Iterator[Any]:
    """Start the browser, or skip the test."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page that notes what must not happen: errors on its console, and requests.

    Attributes:
        page: The page of the browser.
        requests: Addresses of all requests.
        faults: Messages, errors and addresses, but for those that begin with `home`.
    """

    def __init__(self, browser: Any, *, home: str = "file://", **options: Any) -> None:
        self._home = home
        self.page = browser.new_context(**options).new_page()
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._on_request)

    def _on_request(self, request: Any) -> None:
        self.requests.append(request.url)
        if not request.url.startswith(self._home):
            self.faults.append(request.url)
