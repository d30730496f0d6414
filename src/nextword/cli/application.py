"""The application: every command, the options of all, and the way from errors to exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from nextword import __version__
from nextword.cli.audit import audit
from nextword.cli.bench import bench
from nextword.cli.demo import demo
from nextword.cli.errors import BAD_INPUT, INTERRUPTED, report_error
from nextword.cli.evaluate import evaluate
from nextword.cli.export import export
from nextword.cli.generate import generate
from nextword.cli.info import info
from nextword.cli.log import shown_log
from nextword.cli.next_words import next_words
from nextword.cli.options import DEBUG_FLAG, Debug
from nextword.cli.output import remark, write_line
from nextword.cli.program import NAME
from nextword.cli.recipes import recipes
from nextword.cli.score import score
from nextword.cli.streams import replace_closed_streams, require_standard_output
from nextword.cli.train import train

#: Commands that keep their result in files; they check for themselves when they do not.
_KEEP_FILES = frozenset({"bench", "demo", "export", "train"})

#: Turns a thread spins for the others before it sleeps. GNU OpenMP's own number is for machines
#: with nothing else to do: beside another busy program it makes every step five times as long.
_SPIN_COUNT = "5000"


class Commands(TyperGroup):
    """The commands, in their order; an unknown one is refused with the nearest."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first argument names."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            from nextword.base import ConfigError, did_you_mean

            raise ConfigError(
                f"there is no command {args[0]!r}.", help=did_you_mean(args[0], self.commands)
            )
        found = super().resolve_command(ctx, args)
        if found[0] not in _KEEP_FILES:
            require_standard_output()
        return found


app = typer.Typer(
    name=NAME,
    cls=Commands,
    # Plain help: it looks the same everywhere, and appears in half the time.
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command, _summary in (
    ("demo", demo, "Learn to write Python: the main job, with a report."),
    ("train", train, "Train a model on texts."),
    ("recipes", recipes, "List the recipes, or print one."),
    ("evaluate", evaluate, "Measure models on a text: the perplexity card."),
    ("audit", audit, "Check what every perplexity rests on."),
    ("generate", generate, "Write text, as it is made."),
    ("next", next_words, "Give the most probable next words."),
    ("score", score, "Give the log-probability of each line."),
    ("info", info, "Say what a model is."),
    ("export", export, "Write a model in the form of other programs."),
    ("bench", bench, "Measure the speed beside plain torch."),
):
    app.command(_name, short_help=_summary)(_command)


def _print_version(is_asked: bool) -> bool:
    if is_asked:
        write_line(f"{NAME} {__version__}")
        raise typer.Exit()
    return is_asked


@app.callback()
def _options_of_all(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Train, measure and use language models that predict the next word.

    Results go to standard output, progress to standard error.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code.

    Args:
        arguments: What stands after the program's name; that of this process when None.

    Raises:
        SystemExit: SIGTERM ended a training; the code is 143.
    """
    _share_cores()
    replace_closed_streams()
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words:
        remark("error: no command is given.\nhelp: See nextword --help.")
        return BAD_INPUT
    is_debugging = DEBUG_FLAG in words
    try:
        with shown_log(everything=is_debugging):
            code = _run(words)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader, `| head` perhaps, has all it wanted.
        _forget_output()
        return 0
    except KeyboardInterrupt as interrupt:
        remark(str(interrupt) or "interrupted")
        return INTERRUPTED
    except Exception as error:
        if is_debugging:
            traceback.print_exc()
        _forget_output()
        return report_error(error)


def _share_cores() -> None:
    """Let waiting threads sleep soon, unless the person chose; OpenMP reads it with torch."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPIN_COUNT)


def _run(words: list[str]) -> int:
    command = get_command(app)
    try:
        with command.make_context(NAME, words) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return int(ended.exit_code)
    return 0


def _forget_output() -> None:
    """Drop what standard output could not take, so that Python does not try again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
