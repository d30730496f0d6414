"""`nextword train`: train a model into a run folder, or estimate the size and time of training."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.errors import INTERRUPTED
from nextword.cli.options import ENCODING_ERRORS_HELP, TEXT_HELP, Debug, Field, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import aligned, remark, write_json, write_line
from nextword.cli.processes import for_all_processes, is_first_process, joined_processes
from nextword.cli.streams import require_standard_output

if TYPE_CHECKING:
    from nextword.cli.progress import ProgressDisplay
    from nextword.storage import RunFolder
    from nextword.training import Callback, NgramPlan, Plan, RunConfig, RunResult

#: Values of --resume.
RESUME_CHOICES = ("auto", "never", "old-text")
_EXAMPLE = "nextword train corpus.txt --out runs/mine --recipe lstm-small"


def train(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help=f"{TEXT_HELP}.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="Run folder to write.")
    ] = None,
    *,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe", metavar="NAME|FILE", help="Name or TOML file; see nextword recipes."
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            help="Change a setting; an empty VALUE removes the recipe's value; repeatable.",
        ),
    ] = None,
    valid: Annotated[
        list[str] | None,
        typer.Option(
            "--valid", metavar="TEXT", help="Validation text; a share of TEXT by default."
        ),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="TEXT", help="Test text, evaluated after training."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="0.9,0.05,0.05",
            help="Shares of TEXT for training, validation and test.",
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="MODEL", help="Start from the weights of this model."),
    ] = None,
    resume: Annotated[
        str,
        typer.Option(
            "--resume",
            metavar="auto|never|old-text",
            help="auto resumes a stopped run; old-text resumes it even if its text has changed; "
            "never refuses a folder that contains a run.",
        ),
    ] = "never",
    reshard: Annotated[
        bool,
        typer.Option(
            "--reshard",
            help="With --resume auto: accept a run of another number of processes (torchrun).",
        ),
    ] = False,
    encoding_errors: Annotated[
        str | None,
        typer.Option(
            "--encoding-errors",
            metavar="strict|surrogateescape",
            help=ENCODING_ERRORS_HELP,
        ),
    ] = None,
    field: Field = None,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="D", help="Device: auto, cpu, cuda, cuda:1, mps ..."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Random seed.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Estimate size, memory and time without training."),
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write TensorBoard event files.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model on texts, and write the model, metrics and a report into a run folder."""
    from nextword import api
    from nextword.cli.progress import make_progress
    from nextword.cli.settings import training_settings

    settings = training_settings(
        overrides=overrides or (),
        valid=valid or (),
        test=test or (),
        split=split,
        init=init,
        field=field,
        encoding_errors=encoding_errors,
        device=device,
        seed=seed,
    )
    refuse_unknown_resume(resume)
    refuse_idle_reshard(reshard, resume=resume)
    texts = text or []
    quiet = quiet or not is_first_process()
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        if dry_run:
            require_standard_output()
            config = api.run_config(texts, recipe=recipe, settings=settings)
            plan = api.plan(
                config, on_progress=progress.on_progress, standard_input=sys.stdin.buffer
            )
            show_plan(plan, config, as_json=json)
            return
        run = required_out(out)
        if tensorboard and resume == "never":
            refuse_tensorboard(api.run_config(texts, recipe=recipe, settings=settings).model.family)
        how = resume if resume != "never" else "auto"
        advice = advice_on_stop(run, f"nextword train --out {run} --resume {how}")
        with joined_processes(), advice:
            result = api.train(
                texts,
                out=run,
                recipe=recipe,
                settings=settings,
                resume=resume,
                callbacks=lambda folder: training_callbacks(
                    progress, folder, tensorboard=tensorboard, advice=not (quiet or json)
                ),
                on_progress=progress.on_progress,
                standard_input=sys.stdin.buffer,
                command=shlex.join(["nextword", *sys.argv[1:]]),
                reshard=reshard,
            )
    if not is_first_process():
        return
    if not progress.has_trained and result.family != "ngram":
        remark(f"the run in {run} is already finished; these are its results")
    show_result(result, as_json=json)


def refuse_unknown_resume(resume: str) -> None:
    """Raise an error for an unknown value of --resume, also if a dry run does not use it.

    Raises:
        ConfigError: The value is not one of `RESUME_CHOICES`.
    """
    from nextword.base import ConfigError

    if resume not in RESUME_CHOICES:
        raise ConfigError(f"--resume is {resume!r}.", help="Use auto, never or old-text.")


def refuse_idle_reshard(reshard: bool, *, resume: str) -> None:
    """Raise an error for --reshard without a run to resume.

    Raises:
        ConfigError: `--reshard` is given and `--resume` is `never`.
    """
    from nextword.base import ConfigError

    if reshard and resume == "never":
        raise ConfigError(
            "--reshard has no effect without a run to resume.", help="Add --resume auto."
        )


def refuse_tensorboard(family: str) -> None:
    """Raise an error for --tensorboard with a model that is not trained by gradient descent.

    Raises:
        ConfigError: The family is `ngram`.
    """
    from nextword.base import ConfigError

    if family == "ngram":
        raise ConfigError(
            "--tensorboard has no effect: an n-gram model is counted and has no training steps.",
            help="Leave --tensorboard out.",
        )


def required_out(out: Path | None, *, example: str = _EXAMPLE) -> Path:
    """Return the run folder, which every training needs.

    Args:
        out: Value of `--out`.
        example: A complete command.

    Raises:
        ConfigError: No folder is given, or a run folder cannot have its path.
    """
    from nextword.base import ConfigError

    if out is None:
        raise ConfigError("no run folder is given.", help=f"Add --out RUN. Example: {example}")
    return checked_out(out)


@contextmanager
def advice_on_stop(run: Path, command: str) -> Iterator[None]:
    """Print how to resume a training that a signal stops inside the block.

    Args:
        run: The run folder.
        command: The command that resumes the run.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not is_first_process():
            raise SystemExit(INTERRUPTED) from interrupt
        raise KeyboardInterrupt(_advice(run, command)) from interrupt
    except SystemExit:
        if is_first_process():
            remark(_advice(run, command))
        raise


def _advice(run: Path, command: str) -> str:
    from nextword.storage import RunFolder
    from nextword.tokens import kept_text_bytes

    if RunFolder(run).has_checkpoint():
        return f"stopped and saved; to resume: {for_all_processes(command)}"
    num_bytes = kept_text_bytes(RunFolder(run).tokens_folder)
    if num_bytes:
        return (
            f"stopped before the first checkpoint; {num_bytes / 1e6:,.0f} MB of encoded text are "
            f"kept; to go on: {for_all_processes(command)}"
        )
    return "stopped before the first checkpoint; to start again, repeat the command"


def training_callbacks(
    progress: "ProgressDisplay", run: "RunFolder", *, tensorboard: bool = False, advice: bool
) -> "list[Callback]":
    """Return the callbacks of the command line, besides those that every training has.

    Args:
        progress: The progress display.
        run: The run folder.
        tensorboard: Whether to write TensorBoard event files.
        advice: Whether to recommend the compiled kernels if they are missing.
    """
    from nextword.cli.advice import KernelAdvice
    from nextword.training import TensorBoard

    events = [TensorBoard(run)] if tensorboard else []
    return [*([KernelAdvice()] if advice else []), progress, *events]


def show_result(result: "RunResult", *, as_json: bool) -> None:
    """Print the result of a training: its cards, the model folder and the report, or JSON."""
    if as_json:
        write_json(result.to_dict())
        return
    write_line(result.render())


def show_plan(plan: "Plan | NgramPlan", config: "RunConfig", *, as_json: bool) -> None:
    """Print the estimated size, memory and time of a training."""
    from nextword.training import NgramPlan

    if as_json:
        write_json(plan.to_dict())
    elif isinstance(plan, NgramPlan):
        write_line(aligned(_ngram_rows(plan, config)))
    else:
        write_line(aligned(_network_rows(plan, config)))


def _ngram_rows(plan: "NgramPlan", config: "RunConfig") -> list[tuple[str, str]]:
    how = "counted" if plan.is_counted else "estimated from the first part of the text"
    sizes = [
        (f"{order}-grams", f"{number:,}") for order, number in enumerate(plan.num_ngrams, start=1)
    ]
    return [
        ("family", f"{plan.family}, {config.model.describe()}"),
        ("vocabulary", f"{plan.vocab_size:,} tokens, kind {config.tokenizer.kind}"),
        ("training text", f"{plan.num_train_tokens:,} tokens"),
        *sizes,
        ("parameters", f"{plan.num_parameters:,}, {how}"),
        ("model", f"{plan.model_mib:,.1f} MiB"),
        ("memory", f"about {plan.counting_mib:,.0f} MiB while counting, plus the model"),
        *([("disk", f"about {plan.disk_mib:,.0f} MiB while counting")] if plan.disk_mib else []),
        ("time", f"about {plan.minutes:.1f} minutes, without encoding and evaluation"),
    ]


def _memory(plan: "Plan") -> str:
    """Return the memory that a training takes, and what there is."""
    tensors = plan.weights_mib + plan.activations_mib
    there_is = "" if plan.limit_mib is None else f"; there are {plan.limit_mib:,.0f} MiB"
    return f"about {plan.peak_mib:,.0f} MiB, at least {tensors:,.0f} of them for tensors{there_is}"


def _network_rows(plan: "Plan", config: "RunConfig") -> list[tuple[str, str]]:
    backends = [f"backend {name}" for name in dict.fromkeys(plan.backends)]
    return [
        ("family", ", ".join([plan.family, *backends, plan.precision])),
        ("parameters", f"{plan.num_parameters:,}"),
        ("vocabulary", f"{plan.vocab_size:,} tokens, kind {config.tokenizer.kind}"),
        ("training text", f"{plan.num_train_tokens:,} tokens"),
        ("output", plan.output),
        ("updates", f"{plan.num_steps:,}, {plan.seconds_per_step:.3f} s each"),
        ("speed", f"{plan.tokens_per_second:,.0f} tokens/s"),
        ("memory", _memory(plan)),
        ("time", f"about {plan.minutes:.1f} minutes, without validation"),
    ]
