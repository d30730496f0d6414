import pytest

from nextword import base
from nextword.base import NextwordError

ERRORS = [
    (base.ConfigError, ValueError),
    (base.DataError, ValueError),
    (base.VocabularyError, base.DataError),
    (base.ShapeError, ValueError),
    (base.CheckpointError, RuntimeError),
    (base.FormatError, base.CheckpointError),
    (base.MismatchError, base.CheckpointError),
    (base.LockedError, RuntimeError),
    (base.TrainingError, RuntimeError),
    (base.DivergedError, base.TrainingError),
    (base.BenchmarkError, RuntimeError),
    (base.MissingExtraError, ImportError),
]


@pytest.mark.parametrize(("kind", "parent"), ERRORS, ids=lambda kind: kind.__name__)
def test_error_is_caught_as_its_parent_and_as_ours(
    kind: type[NextwordError], parent: type[Exception]
) -> None:
    assert issubclass(kind, parent)
    assert issubclass(kind, NextwordError)


@pytest.mark.parametrize("kind", [kind for kind, _ in ERRORS], ids=lambda kind: kind.__name__)
def test_error_with_help_prints_both_and_keeps_them_apart(kind: type[NextwordError]) -> None:
    error = kind("it is 3.", help="Make it 4.")

    assert (str(error), error.message, error.help) == (
        "it is 3. Make it 4.",
        "it is 3.",
        "Make it 4.",
    )


def test_error_without_help_prints_the_message_alone() -> None:
    assert str(NextwordError("it is 3.")) == "it is 3."
