"""`nextword classify`: train a text classifier, evaluate it, and classify texts."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.group import Commands
from nextword.cli.options import Debug, Device, Json, Quiet
from nextword.cli.output import printable, remark, write_json, write_line, write_text
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
    from nextword.tasks.classification import (
        ClassifiedText,
        Classifier,
        ColumnsConfig,
        TextRow,
    )

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)

_STANDARD_INPUT = "-"
#: Files whose lines are rows of a table, or objects.
_TABLES = (".tsv", ".csv", ".jsonl")
#: White space that would break a line of the output or its columns.
_TO_BLANKS = str.maketrans("\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " " * 11)

ClassifierModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder or model folder of a classifier.")
]
TextColumn = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="N|NAME",
        help="Column or JSON key of the text: a number from 1, or a name.",
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="N|NAME",
        help="Column or JSON key of the label: a number from 1, or a name.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="tsv|csv|jsonl|fasttext|lines",
        help="Format of the files; by their name or first line by default.",
    ),
]


@app.command(short_help="Train a text classifier.")
def train(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TRAIN", help="TSV, CSV or JSON lines with a text and a label; may be packed."
        ),
    ] = None,
    out: Out = None,
    *,
    valid: Valid = None,
    test: Test = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    format: Format = None,
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
    """Train a classifier on texts with labels, and write the model and a report into a run folder.

    The best model is chosen by its accuracy on the validation data, or by micro F1 if a text may
    have several labels (--set classification.multi_label=true).
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
        more=(
            ("--text-column", "columns", "text", text_column),
            ("--label-column", "columns", "label", label_column),
            ("--format", "columns", "format", format),
        ),
    )
    run_training(
        partial(api.train_classifier, files or ()),
        command="nextword classify train",
        out=out,
        resume=resume,
        json=json,
        quiet=quiet,
        settings=settings,
        recipe=recipe,
        unit="texts",
    )


@app.command(short_help="Measure a classifier on texts with labels.")
def evaluate(
    model: ClassifierModel,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Files with labels.")
    ] = None,
    *,
    text: SameAsFile = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    format: Format = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for a report with colored words, pictures and JSON.",
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the predictions of a classifier with the labels of files.

    Prints accuracy, F1, the calibration error, the scores of each label, and what is confused.
    """
    from nextword.tasks.classification import measure_classifier, write_evaluation_report

    names = named_files(files, text, content="texts and labels")
    classifier = load_classifier(model, device=device)
    columns = columns_of(
        classifier, text_column=text_column, label_column=label_column, format=format
    )
    rows = _read(names, classifier, columns, with_labels=True)
    scores, texts = measure_classifier(classifier, rows)
    shown = {"model": model, "text": " ".join(names), **scores.to_dict()}
    if out is not None:
        report = write_evaluation_report(
            out, classifier=classifier, scores=scores, texts=texts, values=shown
        )
    if json:
        write_json(shown)
        return
    write_line(printable(scores.render()))
    if out is not None:
        write_line(f"\nreport  {report}")


@app.command(short_help="Classify texts.")
def predict(
    model: ClassifierModel,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="One text a line, or a table; - is standard input."),
    ] = _STANDARD_INPUT,
    *,
    text_column: TextColumn = None,
    format: Format = None,
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a text.")] = False,
    debug: Debug = False,
) -> None:
    """Predict the labels of texts, in the order of the input and in constant memory.

    Prints the label, its probability and the text, separated by tabs; --json prints the probability
    of every label. Each line of the input is a text, except in files named .tsv, .csv and .jsonl or
    with --text-column or --format.
    """
    classifier = load_classifier(model, device=device)
    columns = columns_of(classifier, text_column=text_column, format=format)
    if file == _STANDARD_INPUT and text_column is None and format is None:
        from dataclasses import replace

        columns = replace(columns, format="lines")
    rows = _read([file], classifier, columns, with_labels=False)
    if columns.format in ("auto", "lines") and not file.endswith(_TABLES):
        rows = _noting_tabs(rows)
    for row, found in _classified(classifier, rows, is_typed=file == _STANDARD_INPUT):
        if json:
            write_json({"labels": found.labels, "probabilities": found.probabilities})
        else:
            write_text(_line(row, found))


def load_classifier(name: str, *, device: str) -> "Classifier":
    """Set up threads and memory of the process, and load a classifier.

    Args:
        name: A run folder or a model folder.
        device: Device of the parameters.

    Raises:
        FormatError: It is not a classifier.
    """
    from nextword.tasks.classification import load_classifier as load
    from nextword.tensors import resolve_device, tune_process

    tune_process()
    return load(Path(name), device=resolve_device(device))


def columns_of(
    classifier: "Classifier",
    *,
    text_column: str | None,
    label_column: str | None = None,
    format: str | None,
) -> "ColumnsConfig":
    """Return how files are read: as the training files, except for what options say.

    Args:
        classifier: The classifier.
        text_column: Value of `--text-column`.
        label_column: Value of `--label-column`.
        format: Value of `--format`.

    Raises:
        ConfigError: The format is unknown, or both columns are the same.
    """
    from nextword.base import decode, encode
    from nextword.tasks.classification import ColumnsConfig

    given: dict[str, Any] = {"text": text_column, "label": label_column, "format": format}
    # The format of other files is that of their own name, not that of the training files.
    values = encode(classifier.parts.columns) | {"format": "auto"}
    changed = {name: value for name, value in given.items() if value is not None}
    return decode(ColumnsConfig, values | changed, source="command line")


def _read(
    names: list[str], classifier: "Classifier", columns: "ColumnsConfig", *, with_labels: bool
) -> "Iterator[TextRow]":
    from nextword.tasks.classification import read_rows

    return read_rows(
        names,
        columns,
        multi_label=classifier.parts.config.multi_label,
        with_labels=with_labels,
        standard_input=sys.stdin.buffer,
        is_read_once=True,
    )


def _noting_tabs(rows: "Iterator[TextRow]") -> "Iterator[TextRow]":
    """Print a note if a text has a tab: its line may be the row of a table."""
    is_noted = False
    for row in rows:
        if "\t" in row.text and not is_noted:
            is_noted = True
            remark(
                "note: a text has tabs, and each whole line is read as a text; for a table, add "
                "--format tsv"
            )
        yield row


def _classified(
    classifier: "Classifier", rows: "Iterator[TextRow]", *, is_typed: bool
) -> "Iterator[tuple[TextRow, ClassifiedText]]":
    from nextword.tasks.classification import classified_rows

    # What is typed at a terminal is answered line by line.
    read_ahead = 1 if is_typed and sys.stdin.isatty() else None
    return classified_rows(classifier, rows, read_ahead=read_ahead)


def _line(row: "TextRow", found: "ClassifiedText") -> str:
    """Return a line of the output: labels, probability of the first label, and the text."""
    labels = ",".join(label.translate(_TO_BLANKS) for label in found.labels)
    probability = next(iter(found.probabilities.values()))
    return f"{labels}\t{probability:.4f}\t{row.text.translate(_TO_BLANKS)}\n"
