"""The command line. Importing it loads neither torch nor pydantic.

One file per command, and small files that several commands share: therefore more than 12 files.
"""

from nextword.cli.application import app, main

__all__ = ["app", "main"]
