"""From exceptions to exit codes and lines."""

import errno

import pytest

from nextword.base import (
    BenchmarkError,
    CheckpointError,
    ConfigError,
    DataError,
    DivergedError,
    FormatError,
    LockedError,
    MismatchError,
    MissingExtraError,
    ShapeError,
    TrainingError,
)
from nextword.cli.errors import explain, report_error


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigError, 2),
        (DataError, 2),
        (ShapeError, 2),
        (CheckpointError, 2),
        (FormatError, 2),
        (MismatchError, 2),
        (MissingExtraError, 2),
        (TrainingError, 1),
        (DivergedError, 1),
        (BenchmarkError, 1),
        (LockedError, 75),
    ],
)
def test_explain_own_error_gives_its_code(kind: type, code: int) -> None:
    assert explain(kind("what", help="how")) == ("what", "how", code)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, 1), (errno.EIO, 1), (errno.EACCES, 2), (errno.ENOTDIR, 2)]
)
def test_explain_folder_error_tells_a_bad_disk_from_a_bad_name(number: int, code: int) -> None:
    error = CheckpointError("cannot save here.")
    error.__cause__ = OSError(number, "why")

    assert explain(error)[2] == code


def test_explain_system_error_names_the_file() -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "text.txt")

    assert explain(error) == ("text.txt: permission denied.", "", 2)


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("Storage size calculation overflowed with sizes=[4000000000, 1000000000]"),
    ],
)
def test_explain_memory_says_what_to_lower(error: Exception) -> None:
    message, help, code = explain(error)

    assert (message, code) == ("out of memory.", 1)
    assert "batch" in help


def test_explain_bug_without_message_has_no_dangling_colon() -> None:
    assert explain(KeyError())[0] == "internal KeyError"


def test_report_error_message_of_several_lines_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = report_error(DataError("first\nsecond", help="do\nthis"))

    assert code == 2
    assert capsys.readouterr().err == "error: first second\nhelp: do this\n"


def test_report_error_lone_surrogates_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(DataError("byte \udcff, surrogate \ud800"))

    assert capsys.readouterr().err == "error: byte \\xff, surrogate \\ud800\n"
