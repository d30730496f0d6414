"""`nextword inspect`: instruments that measure and draw what a model does inside."""

import typer

from nextword.cli.group import Commands
from nextword.cli.inspect.cells import cells
from nextword.cli.inspect.gradients import gradients
from nextword.cli.inspect.jacobian import jacobian
from nextword.cli.inspect.memory import memory
from nextword.cli.inspect.saliency import saliency

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)
for _name, _command, _summary in (
    ("gradients", gradients, "Show how far back gradients reach."),
    ("jacobian", jacobian, "Show how much a recurrent step stretches the state."),
    ("saliency", saliency, "Show which earlier tokens a prediction rests on."),
    ("memory", memory, "Measure how far back models remember."),
    ("cells", cells, "Find units that track properties of a text."),
):
    app.command(_name, short_help=_summary)(_command)

__all__ = ["app"]
