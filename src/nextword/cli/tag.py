"""`nextword tag`: train a tagger, evaluate it, and tag text."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.group import Commands
from nextword.cli.options import Debug, Device, EncodingErrors, Json, Quiet
from nextword.cli.output import write_json, write_line, write_text
from nextword.cli.task_training import (
    Init,
    Out,
    Overrides,
    Recipe,
    Resume,
    SameAsFile,
    Seed,
    Test,
    TrainDevice,
    Valid,
    named_files,
    run_training,
    task_settings,
)

if TYPE_CHECKING:
    from nextword.tasks.tagging import Tagger
    from nextword.tasks.tagging.files import FileFormat, Sentence, TaggedFile

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)

TaggerModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder or model folder of a tagger.")
]
Column = Annotated[
    str | None,
    typer.Option(
        "--column",
        metavar="N|NAME",
        help="Column of the labels: a number from 1, -1 for the last, or a name such as upos; "
        "upos in CoNLL-U files and the last column in others by default.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="conllu|columns|text",
        help="Format of the files; by content by default.",
    ),
]


@app.command(short_help="Train a tagger.")
def train(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="TRAIN", help="CoNLL-U files, or files with one word a line."),
    ] = None,
    out: Out = None,
    *,
    valid: Valid = None,
    test: Test = None,
    column: Column = None,
    recipe: Recipe = None,
    overrides: Overrides = None,
    init: Init = None,
    resume: Resume = "never",
    device: TrainDevice = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a tagger on labelled sentences, and write the model and a report into a run folder.

    The best model is chosen by span F1 on the validation data if the labels are spans, as B-PER and
    I-PER are, and by accuracy otherwise.
    """
    from functools import partial

    from nextword import api

    settings = task_settings(
        overrides,
        valid=valid,
        test=test,
        init=init,
        device=device,
        seed=seed,
        more=(("--column", "tagging", "column", column),),
    )
    run_training(
        partial(api.train_tagger, files or ()),
        command="nextword tag train",
        out=out,
        resume=resume,
        json=json,
        quiet=quiet,
        settings=settings,
        recipe=recipe,
    )


@app.command(short_help="Measure a tagger on labelled sentences.")
def evaluate(
    model: TaggerModel,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Files with labels.")
    ] = None,
    *,
    text: SameAsFile = None,
    column: Column = None,
    format: Format = None,
    encoding_errors: EncodingErrors = "strict",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for a report, a confusion matrix and JSON."
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the predictions of a tagger with the labels of files.

    Prints the accuracy of known and unknown words, precision, recall and F1 of each label or of the
    spans, and the most frequent errors.
    """
    from nextword.tasks.tagging import evaluate_tagger

    names = named_files(files, text, content="labels")
    tagger = load_tagger(model, device=device)
    opened = open_files(
        names, tagger, column=column, format=format, encoding_errors=encoding_errors
    )
    scores = evaluate_tagger(tagger, (each for file in opened for each in file.sentences()))
    shown = {"model": model, "text": " ".join(names), **scores.to_dict()}
    if out is not None:
        from nextword.tasks.tagging.evaluation import write_tagging_report

        write_tagging_report(out, scores, values=shown)
    if json:
        write_json(shown)
    else:
        write_line(scores.render())
        if out is not None:
            write_line(f"\nreport  {out / 'report.html'}")


@app.command(short_help="Tag text.")
def predict(
    model: TaggerModel,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Text or a file with one word a line; - for input."),
    ] = "-",
    *,
    column: Column = None,
    format: Format = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="With --json: also print probabilities.")
    ] = False,
    n_best: Annotated[
        int | None,
        typer.Option(
            "--n-best",
            metavar="N",
            help="With --json: also print the N most probable label sequences.",
        ),
    ] = None,
    encoding_errors: EncodingErrors = "strict",
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a sentence.")] = False,
    debug: Debug = False,
) -> None:
    """Predict the label of each word, in the order of the input and in constant memory.

    Plain text has one sentence a line, with words separated by white space; each word is printed
    with its label, and an empty line ends a sentence. A CoNLL-U file or a file with columns is
    printed with the predicted labels and otherwise unchanged. The labels overwrite the column that
    --column names, whatever it contains; by default upos in CoNLL-U files, and the last column in
    others.
    """
    _check_json_options(json=json, probabilities=probabilities, n_best=n_best)
    tagger = load_tagger(model, device=device)
    opened = open_files(
        [file], tagger, column=column, format=format, encoding_errors=encoding_errors
    )
    read_ahead = 1 if file == "-" and sys.stdin.isatty() else None
    for each in opened:
        sentences = each.sentences(needs_labels=False)
        if n_best is not None:
            _show_n_best(tagger, sentences, n=n_best, read_ahead=read_ahead)
        elif json:
            _show_json(tagger, sentences, with_probabilities=probabilities, read_ahead=read_ahead)
        else:
            _show_lines(tagger, sentences, read_ahead=read_ahead)


def _check_json_options(*, json: bool, probabilities: bool, n_best: int | None) -> None:
    """Raise an error for options that need --json or that exclude each other."""
    from nextword.base import ConfigError

    for name, is_set in (("--probabilities", probabilities), ("--n-best", n_best is not None)):
        if is_set and not json:
            raise ConfigError(f"{name} is given without --json.", help="Add --json.")
    if probabilities and n_best is not None:
        raise ConfigError(
            "--probabilities and --n-best are given together.",
            help="Leave one out: --n-best prints the probability of each whole sequence.",
        )


def load_tagger(name: str, *, device: str) -> "Tagger":
    """Set up threads and memory of the process, and load a tagger.

    Args:
        name: A run folder or a model folder.
        device: Device of the parameters.

    Raises:
        FormatError: It is not a tagger.
    """
    from nextword.tasks.tagging import load_tagger as load
    from nextword.tensors import resolve_device, tune_process

    tune_process()
    return load(Path(name), device=resolve_device(device))


def open_files(
    names: list[str],
    tagger: "Tagger",
    *,
    column: str | None,
    format: str | None,
    encoding_errors: str,
) -> "list[TaggedFile]":
    """Open the files of a command.

    Args:
        names: The files; `-` for standard input.
        tagger: The tagger; its column is the default.
        column: Value of `--column`.
        format: Value of `--format`.
        encoding_errors: Value of `--encoding-errors`.

    Raises:
        ConfigError: The format is unknown.
        DataError: A file is missing.
    """
    from nextword.tasks.tagging.files import open_tagged_files

    return open_tagged_files(
        names,
        format=None if format is None else _format(format),
        column=tagger.parts.config.column if column is None else column,
        encoding_errors=encoding_errors,
        standard_input=sys.stdin.buffer,
    )


def _format(name: str) -> "FileFormat":
    from nextword.base import ConfigError, did_you_mean
    from nextword.tasks.tagging.files import FileFormat

    names = [each.value for each in FileFormat]
    if name not in names:
        raise ConfigError(f"--format is {name!r}.", help=did_you_mean(name, names))
    return FileFormat(name)


def _show_json(
    tagger: "Tagger",
    sentences: "Iterable[Sentence]",
    *,
    with_probabilities: bool,
    read_ahead: int | None,
) -> None:
    from nextword.tasks.tagging import tagged

    for sentence, tokens in tagged(
        tagger, sentences, with_probabilities=with_probabilities, read_ahead=read_ahead
    ):
        line = sentence.line_number(0)
        write_json({"line": line, "tokens": [token.to_dict() for token in tokens]})


def _show_n_best(
    tagger: "Tagger", sentences: "Iterable[Sentence]", *, n: int, read_ahead: int | None
) -> None:
    from nextword.tasks.tagging import with_n_best

    for sentence, sequences in with_n_best(tagger, sentences, n=n, read_ahead=read_ahead):
        pairs = zip(sentence.words, sequences[0].labels, strict=True)
        write_json(
            {
                "line": sentence.line_number(0),
                "tokens": [{"text": word, "label": label} for word, label in pairs],
                "n_best": [each.to_dict() for each in sequences],
            }
        )


def _show_lines(
    tagger: "Tagger", sentences: "Iterable[Sentence]", *, read_ahead: int | None
) -> None:
    from nextword.tasks.tagging import tagged

    for sentence, tokens in tagged(tagger, sentences, read_ahead=read_ahead):
        write_text(sentence.with_labels([token.label for token in tokens]))
