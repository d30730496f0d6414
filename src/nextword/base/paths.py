"""Checks of the paths that a user gives. Opens no file."""

import errno
import os
from pathlib import Path

from nextword.base.errors import ConfigError

_SHOWN_CHARACTERS = 60
#: Errors of the system for a name that no file can have, whatever is on the disk.
_UNUSABLE = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})


def checked_path(path: str | Path) -> Path:
    """Return a path if the system can look it up; the file itself need not exist.

    Args:
        path: The path that a user gave.

    Raises:
        ConfigError: It is no string and no path, is empty, contains NUL or a character that no file
            name can contain, is longer than the system allows, or is a symbolic link to itself.

    Example:
        >>> checked_path("runs/mine").as_posix()
        'runs/mine'
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(
            f"a path is of type {type(path).__name__}; the name of a file or folder is expected.",
            help='Pass a string or a pathlib.Path, such as "runs/mine".',
        )
    name = os.fspath(path)
    if not name:
        raise ConfigError("the path '' is empty.", help="Name a file or a folder.")
    try:
        Path(name).stat()
    except UnicodeEncodeError as error:
        raise _unusable(name, "it contains a character that no file name can contain") from error
    except ValueError as error:
        raise _unusable(name, "it contains a NUL character") from error
    except OSError as error:
        if error.errno in _UNUSABLE:
            reason = error.strerror or "the system refuses it"
            raise _unusable(name, reason[:1].lower() + reason[1:]) from error
    return Path(path)


def shortened(name: str) -> str:
    """Return a text in quotes for a message, without its middle if it is long.

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
