"""`nextword inspect`: instruments that measure and draw what a model does inside."""

import typer

from nextword.cli.group import Commands
from nextword.cli.inspect.cells import cells
from nextword.cli.inspect.gradients import gradients
from nextword.cli.inspect.memory import memory

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)
for _name, _command, _summary in (
    ("gradients", gradients, "Show how far back gradients reach."),
    ("memory", memory, "Measure how far back models remember."),
    ("cells", cells, "Find units that track properties of a text."),
):
    app.command(_name, short_help=_summary)(_command)

__all__ = ["app"]
