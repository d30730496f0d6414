"""`nextword read`: train a reader, evaluate it, and answer questions about passages."""

import sys
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.group import Commands
from nextword.cli.options import BatchSize, Debug, Device, Json, Quiet
from nextword.cli.output import remark, write_json, write_line
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
    from nextword.tasks.reading import Answer, Item, Reader, ScoredItem

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)

_QUESTIONS = "Questions: JSON lines with passage, question and answer; SQuAD's JSON; or bAbI's text"
ReaderModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder or model folder of a reader.")
]
Beam = Annotated[
    int,
    typer.Option(
        "--beam", metavar="K", help="Beam size for answers that are written; 1 is greedy search."
    ),
]


@app.command(short_help="Train a reader.")
def train(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="TRAIN", help=f"{_QUESTIONS}.")
    ] = None,
    out: Out = None,
    *,
    valid: Valid = None,
    test: Test = None,
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
    """Train a reader on questions about passages.

    Answers are spans of the passage by default; --set reading.answer=candidate picks from
    candidates, and free writes the answer. The best model is chosen by exact matches on the
    validation data.
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
    )
    run_training(
        partial(api.train_reader, files or ()),
        command="nextword read train",
        unit="questions",
        out=out,
        resume=resume,
        json=json,
        quiet=quiet,
        settings=settings,
        recipe=recipe,
    )


@app.command(short_help="Measure a reader on questions with answers.")
def evaluate(
    model: ReaderModel,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help=f"{_QUESTIONS}.")
    ] = None,
    *,
    text: SameAsFile = None,
    beam: Beam = 1,
    withhold_history: Annotated[
        bool,
        typer.Option("--withhold-history", help="Ask every question without its earlier turns."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the predictions, the report and the scores."
        ),
    ] = None,
    batch_size: BatchSize = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the answers of a reader with the references of questions.

    Prints exact match and F1 as the script of SQuAD counts them, and the exact match of two trivial
    readers: the most frequent training answer of the question, and the last text of the passage
    that was an answer to questions of the same type.
    """
    from nextword.cli.progress import make_progress
    from nextword.tasks.reading import ScoreCounter, read_items, scored_items
    from nextword.tasks.reading.evaluation import ReadingReport, write_predictions

    names = named_files(files, text, content="questions")
    reader = _load(model, beam=beam, batch_size=batch_size, device=device)
    items = list(read_items(names, standard_input=sys.stdin.buffer))
    counter = ScoreCounter(reader, history_withheld=withhold_history)
    report = ReadingReport(reader, title=model)
    scored: Iterable[ScoredItem] = scored_items(reader, items, withhold_history=withhold_history)
    if out is not None:
        scored = write_predictions(out, scored)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        for done, each in enumerate(scored, start=1):
            counter.add(each)
            report.add(each)
            progress.on_progress("answering questions", done, total=len(items))
    scores = counter.scores()
    shown = {"model": model, "text": " ".join(names), **scores.to_dict(), "beam_size": beam}
    if out is not None:
        report.write(out, scores=scores, values=shown)
    if json:
        write_json(shown)
        return
    write_line(scores.render())
    if out is not None:
        write_line(f"\npredictions  {out / 'predictions.tsv'}")
        write_line(f"report       {out / 'report.html'}")


@app.command(short_help="Answer questions.")
def predict(
    model: ReaderModel,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Questions as for evaluate, without answers; - for input."
        ),
    ] = "-",
    *,
    beam: Beam = 1,
    batch_size: BatchSize = None,
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a question.")] = False,
    debug: Debug = False,
) -> None:
    r"""Answer questions, in the order of the input and in constant memory.

    Prints one answer a line. Tabs and line ends inside an answer are printed as \t and \n. With
    --json, attention is the share of each sentence of the passage in the attention of each hop.
    """
    from nextword.tasks.reading.evaluation import sentence_attention
    from nextword.tasks.texts import one_field

    reader = _load(model, beam=beam, batch_size=batch_size, device=device)
    for number, (item, found) in enumerate(_answers(reader, file), start=1):
        if found.is_cut:
            remark(f"{item.place}: the answer reached its maximum length and was ended")
        if not json:
            write_line(one_field(found.text))
            continue
        write_json(
            {
                "number": number,
                **({"id": item.id} if item.id else {}),
                "question": item.question,
                "answer": found.text,
                "log_prob": found.log_prob,
                "span": None if found.span is None else list(found.span),
                "is_cut": found.is_cut,
                "attention": sentence_attention(item, found).tolist(),
            }
        )


def _load(model: str, *, beam: int, batch_size: int | None, device: str) -> "Reader":
    """Set up threads and memory of the process, and load the model."""
    from nextword.tasks.decoding.search import SearchConfig
    from nextword.tasks.reading import load_reader
    from nextword.tensors import resolve_device, tune_process

    tune_process()
    reader = load_reader(Path(model), device=resolve_device(device))
    return reader.with_search(SearchConfig(beam_size=beam), batch_size=batch_size or 64)


def _answers(reader: "Reader", file: str) -> "Iterator[tuple[Item, Answer]]":
    """Yield every question with its answer."""
    from nextword.tasks.reading import read_items
    from nextword.tasks.reading.predictor import READ_AHEAD

    items = read_items(
        [file], with_answers=False, standard_input=sys.stdin.buffer, is_read_once=True
    )
    given, kept = tee(items)
    read_ahead = 1 if file == "-" and sys.stdin.isatty() else READ_AHEAD
    # Not more than `read_ahead` questions are kept.
    yield from zip(kept, reader.read_items(given, read_ahead=read_ahead), strict=True)
