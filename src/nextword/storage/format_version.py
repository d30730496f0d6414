"""The version that every file of ours carries, and the refusal of a newer one.

Knows nothing of what the files hold. A later nextword reads every earlier version; an earlier one
cannot read a later version and must say so before it stumbles over a key it does not know.
"""

from collections.abc import Mapping
from typing import Any

from nextword.base import FormatError

#: Version that this nextword writes, and the newest one it reads.
FORMAT_VERSION = 1

DAMAGED_HELP = "Copy the folder afresh from a sound one, or make it again."


class NewerFormatError(FormatError):
    """Sound as far as we can tell, but made by a newer nextword."""


def check_format_version(values: Mapping[str, Any], *, source: str) -> None:
    """Refuse values written by a newer nextword, or without a version.

    Args:
        values: What the file holds, with its "format_version".
        source: The file, for the message.

    Raises:
        NewerFormatError: The version is above ours.
        FormatError: The version is missing or no whole number from 1 on.
    """
    version = values.get("format_version")
    if type(version) is not int or version < 1:
        raise FormatError(
            f"{source} has the format_version {version!r}; it must be a whole number from 1 on.",
            help=DAMAGED_HELP,
        )
    if version > FORMAT_VERSION:
        raise NewerFormatError(
            f"{source} was made by a newer nextword "
            f"(format {version}, this one reads up to {FORMAT_VERSION}).",
            help="Upgrade with: pip install --upgrade nextword",
        )
