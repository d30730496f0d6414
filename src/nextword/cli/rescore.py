"""`nextword rescore`: rerank the hypotheses of a recognizer."""

from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import ArpaEncoding, Debug, Device, Json, Model
from nextword.cli.output import aligned, remark, write_json, write_line

if TYPE_CHECKING:
    from nextword.interop.nbest import RescoreReport

_SCORES_HELP = "File with lines 'utterance-k score', for the format kaldi; may be repeated."


def rescore(
    model: Model,
    nbest: Annotated[
        str, typer.Argument(metavar="NBEST", help="N-best lists: a file or a folder.")
    ],
    *,
    scores: Annotated[
        list[str] | None, typer.Option("--scores", metavar="FILE", help=_SCORES_HELP)
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option("--ref", metavar="FILE", help="References: lines 'utterance text', or JSONL."),
    ] = None,
    dev: Annotated[
        str | None,
        typer.Option("--dev", metavar="NBEST", help="Development set, on which weights are tuned."),
    ] = None,
    dev_scores: Annotated[
        list[str] | None,
        typer.Option("--dev-scores", metavar="FILE", help="As --scores, of the development set."),
    ] = None,
    dev_ref: Annotated[
        str | None,
        typer.Option("--dev-ref", metavar="FILE", help="As --ref, of the development set."),
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option("--weight", metavar="W", help="Weight of the language model, without --dev."),
    ] = None,
    penalty: Annotated[
        float | None,
        typer.Option("--penalty", metavar="P", help="Subtracted for each word; 0 by default."),
    ] = None,
    lodr: Annotated[
        str | None,
        typer.Option(
            "--lodr", metavar="MODEL", help="Low-order model whose score is subtracted (LODR)."
        ),
    ] = None,
    lodr_weight: Annotated[
        float | None,
        typer.Option("--lodr-weight", metavar="W", help="Weight of that score, without --dev."),
    ] = None,
    interpolate: Annotated[
        str | None,
        typer.Option(
            "--interpolate", metavar="MODEL", help="Model that is interpolated, word by word."
        ),
    ] = None,
    interpolation: Annotated[
        float,
        typer.Option("--interpolation", metavar="W", help="Weight of MODEL in that interpolation."),
    ] = 0.5,
    format: Annotated[
        str,
        typer.Option("--format", metavar="F", help="auto, kaldi, espnet, icefall, plain or jsonl."),
    ] = "auto",
    costs: Annotated[
        bool, typer.Option("--costs", help="Lower scores of the recognizer are better.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="PATH", help="Write the lists, best first, in their format."),
    ] = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Rerank the hypotheses of a recognizer by its scores and a language model.

    Prints the best text of each utterance, or with --out or --json a report. The weights of model,
    words and low-order model are tuned on a development set, or given.
    """
    from nextword import api

    loaded = load_model(model, device=device, encoding=encoding)
    result = api.rescore(
        loaded,
        nbest,
        scores=scores or (),
        references=ref,
        dev=dev,
        dev_scores=dev_scores or (),
        dev_references=dev_ref,
        weight=weight,
        penalty=penalty,
        low_order=lodr,
        low_order_weight=lodr_weight,
        interpolate=interpolate,
        interpolation=interpolation,
        format=format,
        is_cost=costs,
        out=out,
        device=device,
    )
    report = result.report
    if json:
        write_json({"model": model, "nbest": nbest, **report.to_dict()})
    elif out is not None:
        write_line(_table(report))
    else:
        for name, text in result.best.items():
            write_line(f"{name} {text}".rstrip())
        remark(_table(report))
    for note in _notes(report, has_scores=bool(result.lists.score_names)):
        remark(note)


def _table(report: "RescoreReport") -> str:
    weights = report.weights
    how = "tuned" if report.is_tuned else "given"
    rows = [
        ("utterances", f"{report.num_utterances:,}"),
        ("hypotheses", f"{report.num_hypotheses:,}"),
        ("weight", f"{weights.weight:.4g} ({how})"),
        ("penalty per word", f"{weights.penalty:.4g}"),
        ("low-order weight", f"{weights.low_order_weight:.4g}"),
        (
            "tokens computed",
            f"{report.num_computed:,} of {report.num_tokens:,} (common beginnings once)",
        ),
    ]
    if len(weights.scores) > 1:
        rows.insert(2, ("weights of scores", " ".join(f"{each:.4g}" for each in weights.scores)))
    for label, rate in (
        ("word error before", report.before),
        ("  penalty alone", report.penalty_only),
        ("word error after", report.after),
        ("word error of oracle", report.oracle),
    ):
        if rate is not None:
            rows.append((label, f"{100 * rate:.2f} %"))
    if report.gain is not None:
        gain = report.gain
        rows.append(
            (
                "gain",
                f"{100 * gain.value:.2f} points (95 % interval {100 * gain.low:.2f} to "
                f"{100 * gain.high:.2f})",
            )
        )
    return aligned(rows)


def _notes(report: "RescoreReport", *, has_scores: bool) -> list[str]:
    notes = []
    if not has_scores:
        notes.append("note: the lists have no scores; the language model alone ranks them.")
    if report.is_tuned_on_itself and report.after is not None:
        notes.append(
            "WARNING: the weights were tuned on these lists themselves, so the gain is too high; "
            "use other lists as the development set."
        )
    if report.has_gain is False:
        baseline = "the recognizer" if report.penalty_only is None else "a penalty for words alone"
        notes.append(
            f"WARNING: the language model gives no gain: the word error rate is not significantly "
            f"below that of {baseline}."
        )
    if report.is_tuned and report.weights.weight == 0.0:
        notes.append("WARNING: the tuned weight is 0; the language model has no effect.")
    if report.unknown_rate > 0.5:
        notes.append(
            f"WARNING: {100 * report.unknown_rate:.0f} % of the tokens are outside the vocabulary; "
            "check upper and lower case."
        )
    return notes
