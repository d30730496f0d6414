"""What the commands that train a task share: options, settings and the result."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.output import remark, write_json, write_line
from nextword.cli.processes import is_first_process, joined_processes
from nextword.cli.train import advice_on_stop, required_out, training_callbacks

if TYPE_CHECKING:
    from nextword.base import Layer
    from nextword.tasks.running import TaskResult

#: Trains a task: called with the keyword arguments of `api.train_tagger`, without the files.
TrainTask = Callable[..., "TaskResult"]

Out = Annotated[Path | None, typer.Option("--out", metavar="RUN", help="Run folder to write.")]
Recipe = Annotated[
    str | None,
    typer.Option("--recipe", metavar="NAME|FILE", help="Name or TOML file; see nextword recipes."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change a setting; an empty VALUE removes the recipe's value; repeatable.",
    ),
]
Valid = Annotated[
    list[str] | None,
    typer.Option(
        "--valid", metavar="FILE", help="Validation file; a share of TRAIN by default; repeatable."
    ),
]
Test = Annotated[
    list[str] | None,
    typer.Option("--test", metavar="FILE", help="Test file, evaluated after training; repeatable."),
]
SameAsFile = Annotated[
    list[str] | None, typer.Option("--text", metavar="FILE", help="The same as FILE.")
]
Init = Annotated[
    str | None,
    typer.Option(
        "--init",
        metavar="MODEL",
        help="Start from this model of the same task, or use this language model for features.",
    ),
]
Resume = Annotated[
    str,
    typer.Option(
        "--resume",
        metavar="auto|never",
        help="auto resumes a stopped run; never refuses a folder that contains a run.",
    ),
]
TrainDevice = Annotated[
    str | None,
    typer.Option("--device", metavar="D", help="Device: auto, cpu, cuda, cuda:1, mps ..."),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Random seed.")]


def named_files(
    files: Sequence[str] | None, text: Sequence[str] | None, *, content: str
) -> list[str]:
    """Return the files that are evaluated.

    Args:
        files: The arguments.
        text: Values of `--text`.
        content: What the files contain, for the error message.

    Raises:
        ConfigError: There is no file.
    """
    from nextword.base import ConfigError

    names = [*(files or ()), *(text or ())]
    if not names:
        raise ConfigError("no file is named.", help=f"Name a file with {content}.")
    return names


def task_settings(
    overrides: Sequence[str] | None,
    *,
    valid: Sequence[str] | None,
    test: Sequence[str] | None,
    init: str | None,
    device: str | None,
    seed: int | None,
    more: Sequence[tuple[str, str, str, Any]] = (),
) -> "list[Layer]":
    """Return layers of nested settings; a later layer overrides earlier ones.

    Args:
        overrides: Values of `--set`, in order. They come before all other options.
        valid: Values of `--valid`.
        test: Values of `--test`.
        init: Value of `--init`.
        device: Value of `--device`.
        seed: Value of `--seed`.
        more: Name, section, key and value of each further option.

    Raises:
        ConfigError: A `--set` is malformed.
    """
    from nextword.base import Layer, parse_override

    options = (
        ("--valid", "text", "valid", valid),
        ("--test", "text", "test", test),
        ("--init", "text", "init", init),
        *more,
        ("--device", "training", "device", device),
        ("--seed", "training", "seed", seed),
    )
    given = (each for each in options if each[3] is not None and each[3] != [])
    return [
        *(Layer(parse_override(text), source="--set") for text in overrides or ()),
        *(Layer({section: {key: value}}, source=name) for name, section, key, value in given),
    ]


def run_training(
    train: TrainTask,
    *,
    command: str,
    out: Path | None,
    resume: str,
    json: bool,
    quiet: bool,
    settings: "Sequence[Layer]",
    recipe: str | None,
    unit: str = "words",
) -> None:
    """Train a task with a progress display, and print the result.

    Args:
        train: Trains the task.
        command: The command, such as `nextword tag train`, for advice.
        out: Value of `--out`.
        resume: Value of `--resume`.
        json: Whether to print JSON.
        quiet: Whether to show no progress.
        settings: Layers of settings.
        recipe: Value of `--recipe`.
        unit: What the objective of the task counts, in the plural.
    """
    from nextword.cli.progress import make_progress

    run = required_out(out, example=f"{command} FILE --out runs/mine")
    progress = make_progress(
        quiet=quiet or not is_first_process(),
        is_terminal=sys.stderr.isatty(),
        headline="loss",
        unit=unit,
    )
    advice = advice_on_stop(run, f"{command} --out {run} --resume auto")
    with progress, joined_processes(), advice:
        result = train(
            out=run,
            recipe=recipe,
            settings=settings,
            resume=resume,
            callbacks=lambda folder: training_callbacks(
                progress, folder, advice=not (quiet or json)
            ),
            on_progress=progress.on_progress,
        )
    if not is_first_process():
        return
    if not progress.has_trained:
        remark(f"the run in {run} is already finished; these are its results")
    _show(result, as_json=json)


def _show(result: "TaskResult", *, as_json: bool) -> None:
    if as_json:
        write_json(result.to_dict())
        return
    write_line(result.render())
