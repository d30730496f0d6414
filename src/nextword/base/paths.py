"""Paths that a person typed, refused where no file system can hold them. Opens no file."""

import errno
import os
from pathlib import Path

from nextword.base.errors import ConfigError

_SHOWN_CHARACTERS = 60
#: What the system says of a name that no file can have, whatever there is on the disk.
_UNUSABLE = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})


def checked_path(path: str | Path) -> Path:
    """Return a path that the system can look up; whether there is a file is not asked.

    Args:
        path: What a person typed.

    Raises:
        ConfigError: It is empty, holds a NUL character or one that no file name can hold, is
            longer than the system allows, or is a symbolic link to itself.

    Example:
        >>> checked_path("runs/mine").as_posix()
        'runs/mine'
    """
    name = os.fspath(path)
    if not name:
        raise ConfigError("the path '' is empty.", help="Name a file or a folder.")
    try:
        Path(name).stat()
    except UnicodeEncodeError as error:
        raise _unusable(name, "it holds a character that no file name can hold") from error
    except ValueError as error:
        raise _unusable(name, "it holds a NUL character") from error
    except OSError as error:
        if error.errno in _UNUSABLE:
            reason = error.strerror or "the system refuses it"
            raise _unusable(name, reason[:1].lower() + reason[1:]) from error
    return Path(path)


def shortened(name: str) -> str:
    """Return a path in quotes, its middle left out where it is too long for a message.

    Example:
        >>> shortened("a.txt")
        "'a.txt'"
    """
    if len(name) > 2 * _SHOWN_CHARACTERS:
        name = f"{name[:_SHOWN_CHARACTERS]}...{name[-_SHOWN_CHARACTERS:]}"
    return repr(name)


def _unusable(name: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the path {shortened(name)} cannot be used: {reason}.", help="Name another file or folder."
    )
