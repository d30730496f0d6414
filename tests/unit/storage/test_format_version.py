import pytest

from nextword.base import FormatError
from nextword.storage.format_version import (
    FORMAT_VERSION,
    NewerFormatError,
    check_format_version,
)


def test_check_format_version_ours_accepts() -> None:
    check_format_version({"format_version": FORMAT_VERSION}, source="config.json")


def test_check_format_version_newer_says_both_versions() -> None:
    with pytest.raises(
        NewerFormatError,
        match=r"config.json was written by a newer nextword \(format 2, this one reads up to 1\)",
    ) as caught:
        check_format_version({"format_version": 2}, source="config.json")

    assert "pip install --upgrade nextword" in caught.value.help


@pytest.mark.parametrize("values", [{}, *({"format_version": v} for v in (0, -1, "1", True, 1.0))])
def test_check_format_version_no_version_refuses(values: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="must be a positive integer"):
        check_format_version(values, source="config.json")
