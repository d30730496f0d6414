"""The name of this program, and the commands that start it and its Python."""

import os
import shutil
import sys
from pathlib import Path

NAME = "nextword"


def program() -> str:
    """Return the command that starts this program: its name if it is on PATH, else its path."""
    if shutil.which(NAME):
        return NAME
    beside = Path(sys.executable).with_name(NAME)
    return os.path.relpath(beside) if beside.exists() else f"{python()} -m {NAME}"


def python() -> str:
    """Return the command that starts the Python interpreter of this process."""
    return "python" if shutil.which(NAME) else os.path.relpath(sys.executable)
