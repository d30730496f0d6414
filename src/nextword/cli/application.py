"""The application: its commands, its global options, and exit codes for errors."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from nextword import __version__
from nextword.cli.audit import audit
from nextword.cli.bench import bench
from nextword.cli.bench_keyboard import bench_keyboard
from nextword.cli.classify import app as classify_app
from nextword.cli.compare import compare
from nextword.cli.demo import demo
from nextword.cli.encode import encode
from nextword.cli.errors import INTERRUPTED, report_error
from nextword.cli.evaluate import evaluate
from nextword.cli.export import export
from nextword.cli.filter import filter_command
from nextword.cli.generate import generate
from nextword.cli.group import Commands
from nextword.cli.info import info
from nextword.cli.inspect import app as inspect_app
from nextword.cli.lab import app as lab_app
from nextword.cli.log import shown_log
from nextword.cli.mix import mix
from nextword.cli.next_words import next_words
from nextword.cli.options import DEBUG_FLAG, Debug
from nextword.cli.output import remark, write_line
from nextword.cli.pairs import pairs
from nextword.cli.program import NAME
from nextword.cli.read import app as read_app
from nextword.cli.recipes import recipes
from nextword.cli.rescore import rescore
from nextword.cli.score import score
from nextword.cli.serve import serve
from nextword.cli.settings_list import settings
from nextword.cli.streams import forget_unwritten, replace_closed_streams
from nextword.cli.surprisal import surprisal
from nextword.cli.tag import app as tag_app
from nextword.cli.train import train
from nextword.cli.transduce import app as transduce_app

#: Iterations that a waiting OpenMP thread spins before it sleeps. The default of GNU OpenMP suits
#: idle machines only: next to another busy program it makes every training step 5 times slower.
_SPIN_COUNT = "5000"


app = typer.Typer(
    name=NAME,
    cls=Commands,
    # Plain help looks the same on every terminal, and takes half the time.
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command, _summary in (
    ("demo", demo, "Train an LSTM on Python source code, and write a report."),
    ("train", train, "Train a model on texts."),
    ("recipes", recipes, "List the recipes, or print one."),
    ("settings", settings, "List the settings of a training."),
    ("evaluate", evaluate, "Measure the perplexity of models on a text."),
    ("compare", compare, "Train and evaluate several models under one protocol."),
    ("mix", mix, "Mix models, with weights tuned on held-out text."),
    ("audit", audit, "Check a model for faults that falsify its perplexity."),
    ("generate", generate, "Generate text."),
    ("next", next_words, "Print the most probable next words."),
    ("score", score, "Print the log-probability of each line."),
    ("filter", filter_command, "Score and sort the documents of many files."),
    ("rescore", rescore, "Rerank the hypotheses of a recognizer."),
    ("surprisal", surprisal, "Print how unexpected each word is."),
    ("pairs", pairs, "Compare the sentences of minimal pairs."),
    ("encode", encode, "Print a vector of each line, or its nearest neighbours."),
    ("serve", serve, "Serve models over HTTP."),
    ("info", info, "Describe a model."),
    ("export", export, "Export a model to another format."),
    ("bench", bench, "Compare the speed with plain PyTorch and KenLM."),
    ("bench-keyboard", bench_keyboard, "Measure the keystrokes that suggestions save."),
):
    app.command(_name, short_help=_summary)(_command)
for _name, _group, _summary in (
    ("tag", tag_app, "Label the words of sentences."),
    ("classify", classify_app, "Label texts."),
    ("transduce", transduce_app, "Map sequences to sequences."),
    ("read", read_app, "Answer questions about passages."),
    ("lab", lab_app, "Measure the claims of the course."),
    ("inspect", inspect_app, "Measure and draw what a model does inside."),
):
    app.add_typer(_group, name=_name, short_help=_summary, help=_summary)


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
    """Train, evaluate and use language models that predict the next word.

    Results are printed to standard output, progress to standard error.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: Command-line arguments without the program name; `sys.argv[1:]` when None.

    Raises:
        SystemExit: SIGTERM stopped a training; the code is 143.
    """
    _share_cores()
    replace_closed_streams()
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words:
        words = ["--help"]
    is_debugging = DEBUG_FLAG in words
    try:
        with shown_log(everything=is_debugging):
            code = _run(words)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The process that reads the output, such as `head`, has closed the pipe.
        forget_unwritten("stdout")
        return 0
    except KeyboardInterrupt as interrupt:
        remark(str(interrupt) or "interrupted")
        return INTERRUPTED
    except Exception as error:
        if is_debugging:
            traceback.print_exc()
        forget_unwritten("stdout")
        return report_error(error, words=words)
    finally:
        forget_unwritten("stderr")


def _share_cores() -> None:
    """Make waiting OpenMP threads sleep soon, unless the user has set a policy.

    Must be called before torch is imported, because OpenMP reads the variable at that time.
    """
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
