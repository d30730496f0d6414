import errno
from pathlib import Path

import pytest

from nextword.base import CheckpointError, DiskFullError
from nextword.storage.disk import disk_errors, reason


def test_disk_errors_full_disk_says_so_and_helps() -> None:
    with (
        pytest.raises(DiskFullError, match="no space is left to write model") as caught,
        disk_errors(Path("model")),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert caught.value.help.startswith("Free some space")


def test_disk_errors_other_refusal_gives_the_reason_alone() -> None:
    with (
        pytest.raises(CheckpointError, match="cannot save model: Permission denied") as caught,
        disk_errors(Path("model")),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")

    assert caught.value.help == ""


def test_disk_errors_other_error_passes_unchanged() -> None:
    with pytest.raises(KeyError), disk_errors(Path("model")):
        raise KeyError("name")


def test_reason_without_system_text_gives_the_message() -> None:
    assert reason(OSError("odd")) == "odd"
