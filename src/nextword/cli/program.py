"""What this program is called, and what to type for it."""

import os
import shutil
import sys
from pathlib import Path

NAME = "nextword"


def program() -> str:
    """Return what to type for this program: its name, or its path where the shell has no name."""
    if shutil.which(NAME):
        return NAME
    beside = Path(sys.executable).with_name(NAME)
    return os.path.relpath(beside) if beside.exists() else f"{python()} -m {NAME}"


def python() -> str:
    """Return what to type for the Python that runs it."""
    return "python" if shutil.which(NAME) else os.path.relpath(sys.executable)
