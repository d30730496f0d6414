"""The folder that `--out` names, for the commands that write one."""

from pathlib import Path


def checked_out(out: Path) -> Path:
    """Return the folder if a command can write it; it need not exist.

    Raises:
        ConfigError: The path is `-` or a file, or cannot be used.
    """
    from nextword.base import ConfigError, checked_path

    if str(out) == "-":
        raise ConfigError(
            "--out is -, which means standard output, but this command writes a folder.",
            help="Name a new or an empty folder.",
        )
    if checked_path(out).exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is not a folder.", help="Name a new or an empty folder.")
    return out
