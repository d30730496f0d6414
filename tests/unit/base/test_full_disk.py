import errno

import pytest

from nextword.base import DataError, DiskFullError, causes, full_disk_errors, is_full_disk


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: No space left on device (os error 28)"),
        OSError("1000 requested and 24 written"),
    ],
)
def test_full_disk_errors_any_wording_names_the_place(error: Exception) -> None:
    message = "no space is left to write runs/one"
    with pytest.raises(DiskFullError, match=message), full_disk_errors("runs/one"):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EFBIG, "File too large"),
        RuntimeError("Error while serializing: File too large (os error 27)"),
    ],
)
def test_full_disk_errors_too_large_file_names_the_place_and_the_limit(error: Exception) -> None:
    message = "larger than the system allows: runs/one cannot be written"
    with pytest.raises(DiskFullError, match=message) as raised, full_disk_errors("runs/one"):
        raise error

    assert "ulimit -f" in raised.value.help


def test_causes_end_where_an_error_is_its_own_cause() -> None:
    first, second = DataError("one."), DataError("two.")
    first.__cause__ = second
    second.__cause__ = first

    assert list(causes(first)) == [first, second]
    assert not is_full_disk(first)


def test_is_full_disk_looks_at_the_cause() -> None:
    error = DataError("the text cannot be kept.")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")

    assert is_full_disk(error)


def test_full_disk_errors_other_error_passes_unchanged() -> None:
    with pytest.raises(PermissionError), full_disk_errors("runs/one"):
        raise PermissionError(errno.EACCES, "Permission denied")
