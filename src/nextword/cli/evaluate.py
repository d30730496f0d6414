"""`nextword evaluate`: the perplexity card of models on a text."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import (
    TEXT_HELP,
    BatchSize,
    Debug,
    Device,
    EncodingErrors,
    Field,
    Json,
    Quiet,
)
from nextword.cli.output import write_json, write_line

if TYPE_CHECKING:
    from nextword.api import Model
    from nextword.evaluation import PerplexityCard
    from nextword.text import Corpus


def evaluate(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL", help="Run folders or model folders.")
    ],
    text: Annotated[
        list[str], typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP} Repeatable.")
    ],
    reset: Annotated[
        str | None,
        typer.Option(
            "--reset",
            metavar="never|document|line",
            help="Where reading starts afresh; as trained when not given.",
        ),
    ] = None,
    batch_size: BatchSize = None,
    chunk_length: Annotated[
        int | None,
        typer.Option(
            "--chunk-length", metavar="N", help="Steps at a time; no figure depends on it."
        ),
    ] = None,
    per_line: Annotated[
        bool, typer.Option("--per-line", help="First a row a line, each line read afresh.")
    ] = False,
    encoding_errors: EncodingErrors = "strict",
    field: Field = "text",
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure models on a text: the perplexity card, or a table with a row a model."""
    from nextword.cli.progress import make_progress
    from nextword.evaluation import DEFAULT_BATCH_SIZE, resolve_reset
    from nextword.text import open_corpus

    chosen = None if reset is None else resolve_reset(reset)
    loaded = [(name, load_model(name, device=device)) for name in models]
    corpus = open_corpus(
        text, field=field, encoding_errors=encoding_errors, standard_input=sys.stdin.buffer
    )
    rows = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    cards, lines = [], []
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        for name, model in loaded:
            card = model.evaluate(
                corpus,
                reset=chosen,
                batch_size=rows,
                chunk_length=chunk_length,
                name=name,
                on_stage=progress.on_stage,
            )
            cards.append(card)
            if per_line:
                lines.extend(_line_rows(model, corpus, name=name, batch_size=rows))
    _show(cards, lines, per_line=per_line, as_json=json)


def _line_rows(
    model: "Model", corpus: "Corpus", *, name: str, batch_size: int
) -> list[dict[str, Any]]:
    """Give the score of each line as JSON values."""
    from nextword.base import perplexity

    scores = model.unit_scores(corpus, reset="line", batch_size=batch_size)
    return [
        {
            "model": name,
            "line": number,
            "log_prob": 0.0 - score.nll_sum,
            "num_tokens": score.num_tokens,
            "num_unknown": score.num_unknown,
            "perplexity": perplexity(score.nll_sum, score.num_tokens),
        }
        for number, score in enumerate(scores, start=1)
    ]


def _show(
    cards: "Sequence[PerplexityCard]",
    lines: Sequence[dict[str, Any]],
    *,
    per_line: bool,
    as_json: bool,
) -> None:
    from nextword.evaluation import render_card, render_cards

    if as_json:
        results = {"results": [card.to_dict() for card in cards]}
        write_json(results | ({"lines": list(lines)} if per_line else {}))
        return
    if per_line:
        write_line("line\tlog_prob\ttokens\tunknown\tperplexity\tmodel")
    for row in lines:
        write_line(
            f"{row['line']}\t{row['log_prob']:.4f}\t{row['num_tokens']}\t{row['num_unknown']}\t"
            f"{row['perplexity']:.2f}\t{row['model']}"
        )
    if per_line:
        write_line()
    write_line(render_card(cards[0]) if len(cards) == 1 else render_cards(cards))
