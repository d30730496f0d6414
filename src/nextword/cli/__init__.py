"""The command line: one file per command. Importing it loads neither torch nor pydantic."""

from nextword.cli.application import app, main

__all__ = ["app", "main"]
