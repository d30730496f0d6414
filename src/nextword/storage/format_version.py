"""The format version of files that nextword writes.

nextword reads all earlier versions. Files of a later version raise an error.
"""

from collections.abc import Mapping
from typing import Any

from nextword.base import FormatError

#: The version that is written, and the newest one that can be read.
FORMAT_VERSION = 1

DAMAGED_HELP = "Copy the folder again from an undamaged one, or create it again."


class NewerFormatError(FormatError):
    """The file was written by a newer nextword; it is not known to be damaged."""


def check_format_version(values: Mapping[str, Any], *, source: str) -> None:
    """Raise an error if values were written by a newer nextword, or have no version.

    Args:
        values: The content of the file, with its "format_version".
        source: Name of the file, for the message.

    Raises:
        NewerFormatError: The version is above `FORMAT_VERSION`.
        FormatError: The version is missing or not a positive integer.
    """
    version = values.get("format_version")
    if type(version) is not int or version < 1:
        raise FormatError(
            f"{source} has the format_version {version!r}; it must be a positive integer.",
            help=DAMAGED_HELP,
        )
    if version > FORMAT_VERSION:
        raise NewerFormatError(
            f"{source} was written by a newer nextword "
            f"(format {version}, this one reads up to {FORMAT_VERSION}).",
            help="Upgrade with: pip install --upgrade nextword",
        )
