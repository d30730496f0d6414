"""What the package shows to the outside."""

import doctest

import nextword_kernels as kernels


def test_every_public_name_is_there_and_sorted() -> None:
    assert kernels.__all__ == sorted(kernels.__all__)
    assert all(hasattr(kernels, name) for name in kernels.__all__)


def test_examples_of_the_docstrings_run() -> None:
    results = doctest.testmod(kernels)

    assert results.attempted > 0
    assert results.failed == 0


def test_portable_kernels_are_always_usable_and_come_last() -> None:
    assert kernels.instruction_sets()[-1] == "portable"
    assert kernels.instruction_set() == kernels.instruction_sets()[0]
