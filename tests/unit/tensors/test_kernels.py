import sys

import pytest

from nextword.tensors import kernels

needs_kernels = pytest.mark.skipif(
    not kernels.kernels_are_installed(), reason="needs nextword-kernels"
)


@pytest.fixture
def forgotten() -> None:
    """As at the start of the process: nobody has asked for the kernels yet."""
    kernels.load_kernels.cache_clear()
    kernels.kernels_are_installed.cache_clear()


@needs_kernels
def test_load_kernels_gives_the_package() -> None:
    assert kernels.load_kernels().__name__ == "nextword_kernels"


@needs_kernels
def test_load_kernels_without_an_openmp_to_share_has_its_own_threads(
    forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "_openmp_libraries", list)
    package = kernels.load_kernels()
    package.forget_openmp()

    assert package.count_barrier_failures(2, 100) == 0
    kernels.load_kernels.cache_clear()


def test_kernels_are_installed_without_the_package_is_false(
    forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nextword_kernels", None)

    assert not kernels.kernels_are_installed()

    kernels.load_kernels.cache_clear()
    kernels.kernels_are_installed.cache_clear()
