"""The markers of transformers' own tests, where their folder is given."""

import pytest

from transformers_tests import marker_names, source_folder


def pytest_configure(config: pytest.Config) -> None:
    folder = source_folder()
    for name in marker_names(folder) if folder else ():
        config.addinivalue_line("markers", f"{name}: of the tests of transformers")
