"""Display of file names. Knows nothing of the content of files."""

from pathlib import Path

#: Longer than any file name in use; a text passed instead of a name may be longer.
_MAX_NAME_CHARACTERS = 1000
_SHOWN_CHARACTERS = 200


def shown_name(path: Path | str) -> str:
    r"""Return a file name for display, shortened if it is very long.

    Bytes that are not UTF-8 are shown as `\xe9`.

    Example:
        >>> shown_name("caf\udce9.txt")
        'caf\\xe9.txt'
    """
    name = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if len(name) <= _MAX_NAME_CHARACTERS:
        return name
    half = _SHOWN_CHARACTERS // 2
    return f"{name[:half]}...{name[-half:]} ({len(name):,} characters)"
