"""Names that are imported when they are first used."""

import importlib

import pytest


@pytest.mark.parametrize("module_name", ["nextword", "nextword.api"])
def test_public_names_can_all_be_imported(module_name: str) -> None:
    module = importlib.import_module(module_name)

    assert set(dir(module)) == set(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)


@pytest.mark.parametrize("module_name", ["nextword", "nextword.api"])
def test_public_names_unknown_name_is_an_attribute_error(module_name: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module_name}' has no attribute 'nothing'"):
        _ = importlib.import_module(module_name).nothing
