import pytest

from nextword.tensors import kernels_are_installed, load_kernels


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the compiled generator where it is not installed."""
    if kernels_are_installed() and hasattr(load_kernels(), "RecurrentNetwork"):
        return
    skip = pytest.mark.skip(reason="the compiled generator is not installed")
    for item in items:
        if item.path.parent.name == "packed" and "without_kernels" not in item.name:
            item.add_marker(skip)
