"""`nextword train`: train a model into a run folder, or say what that would take."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import TEXT_HELP, Debug, Field, Json, Quiet
from nextword.cli.output import aligned, remark, write_json, write_line
from nextword.cli.streams import require_standard_output

if TYPE_CHECKING:
    from nextword.cli.progress import Progress
    from nextword.storage import RunFolder
    from nextword.training import Callback, NgramPlan, Plan, RunConfig, RunResult

_EXAMPLE = "Example: nextword train corpus.txt --out runs/mine --recipe lstm-small"


def train(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help=f"{TEXT_HELP}.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="The run folder to write.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", metavar="NAME|FILE", help="See nextword recipes."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            help="Change a setting, or with no VALUE take a recipe's back; repeatable.",
        ),
    ] = None,
    valid: Annotated[
        list[str] | None,
        typer.Option("--valid", metavar="TEXT", help="Validation text; else a share of TEXT."),
    ] = None,
    test: Annotated[
        list[str] | None, typer.Option("--test", metavar="TEXT", help="Test text, for the end.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="0.9,0.05,0.05", help="Shares of training, validation, test."
        ),
    ] = None,
    init: Annotated[
        str | None, typer.Option("--init", metavar="MODEL", help="Start from this model.")
    ] = None,
    resume: Annotated[
        str,
        typer.Option(
            "--resume",
            metavar="auto|never|old-text",
            help="auto goes on with a stopped run; old-text does so though its text has changed.",
        ),
    ] = "never",
    encoding_errors: Annotated[
        str | None,
        typer.Option(
            "--encoding-errors",
            metavar="strict|surrogateescape",
            help="What to do with bytes that are not UTF-8: refuse or keep them.",
        ),
    ] = None,
    field: Field = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1, mps ...")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Fixes every random draw.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take: size, memory, time.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write events for TensorBoard too.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model on texts, and write model, metrics and report into a run folder."""
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
    texts = text or []
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        if dry_run:
            require_standard_output()
            config = api.run_config(texts, recipe=recipe, settings=settings)
            plan = api.plan(config, on_stage=progress.on_stage, standard_input=sys.stdin.buffer)
            show_plan(plan, config, as_json=json)
            return
        run = required_out(out)
        if tensorboard and resume == "never":
            refuse_tensorboard(api.run_config(texts, recipe=recipe, settings=settings).model.family)
        how = resume if resume != "never" else "auto"
        with advice_on_stop(run, f"nextword train --out {run} --resume {how}"):
            result = api.train(
                texts,
                out=run,
                recipe=recipe,
                settings=settings,
                resume=resume,
                callbacks=lambda folder: watchers(
                    progress, folder, tensorboard=tensorboard, advice=not (quiet or json)
                ),
                on_stage=progress.on_stage,
                standard_input=sys.stdin.buffer,
            )
    if not progress.has_trained and result.family != "ngram":
        remark(f"the run in {run} is finished already; these are its figures")
    show_result(result, as_json=json)


def refuse_unknown_resume(resume: str) -> None:
    """Refuse a --resume that is neither of the two, also where a plan does not look at it."""
    from nextword.base import ConfigError

    if resume not in {"auto", "never"}:
        raise ConfigError(f"--resume is {resume!r}.", help="Use auto or never.")


def refuse_tensorboard(family: str) -> None:
    """Refuse events of a training for a model that has no updates.

    Raises:
        ConfigError: The family is `ngram`.
    """
    from nextword.base import ConfigError

    if family == "ngram":
        raise ConfigError(
            "--tensorboard would write nothing: an n-gram model is counted, not trained.",
            help="Leave --tensorboard out.",
        )


def required_out(out: Path | None) -> Path:
    """Return the run folder, which only a dry run does without."""
    from nextword.base import ConfigError, checked_path

    if out is None:
        raise ConfigError("no run folder is named.", help=f"Add --out RUN. {_EXAMPLE}")
    if checked_path(out).exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is not a folder.", help="Name a new or an empty folder.")
    return out


@contextmanager
def advice_on_stop(run: Path, command: str) -> Iterator[None]:
    """Say what is left of a training that a signal stopped, and how to go on with it.

    Args:
        run: Its run folder.
        command: Goes on with it.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(_advice(run, command)) from interrupt
    except SystemExit:
        remark(_advice(run, command))
        raise


def _advice(run: Path, command: str) -> str:
    from nextword.storage import RunFolder

    if RunFolder(run).has_checkpoint():
        return f"stopped, and saved; to go on: {command}"
    return "stopped before anything was saved; to start again, give the same command"


def watchers(
    progress: "Progress", run: "RunFolder", *, tensorboard: bool = False, advice: bool
) -> "list[Callback]":
    """Return what watches a training beside what always does."""
    from nextword.cli.advice import KernelAdvice
    from nextword.training import TensorBoard

    events = [TensorBoard(run)] if tensorboard else []
    return [*([KernelAdvice()] if advice else []), progress, *events]


def show_result(result: "RunResult", *, as_json: bool) -> None:
    """Write what a training came to: its cards and where things lie, or all of it as JSON."""
    from nextword.evaluation import render_card

    if as_json:
        write_json(result.to_dict())
        return
    for part, card in (("validation", result.validation), ("test", result.test)):
        if card is not None:
            write_line(f"{part}\n\n{render_card(card)}\n")
    lines = [("model", str(result.model)), ("report", str(result.run / "report.html"))]
    write_line(aligned(lines))


def show_plan(plan: "Plan | NgramPlan", config: "RunConfig", *, as_json: bool) -> None:
    """Write what a training would take."""
    from nextword.training import NgramPlan

    if as_json:
        write_json(plan.to_dict())
    elif isinstance(plan, NgramPlan):
        write_line(aligned(_ngram_rows(plan, config)))
    else:
        write_line(aligned(_network_rows(plan, config)))


def _ngram_rows(plan: "NgramPlan", config: "RunConfig") -> list[tuple[str, str]]:
    how = "counted" if plan.is_counted else "estimated from the beginning of the text"
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
        ("memory", f"about {plan.counting_mib:,.0f} MiB while counting, and the model"),
        *([("disk", f"about {plan.disk_mib:,.0f} MiB while counting")] if plan.disk_mib else []),
        ("time", f"about {plan.minutes:.1f} minutes, reading and measuring apart"),
    ]


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
        ("memory", f"{plan.weights_mib + plan.activations_mib:,.0f} MiB at least"),
        ("time", f"about {plan.minutes:.1f} minutes, validations apart"),
    ]
