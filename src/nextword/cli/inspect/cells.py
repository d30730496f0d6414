"""`nextword inspect cells`: units that track properties of a text."""

from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.inspect.options import OptionalText, Out, Split, checked_report_folder, open_text
from nextword.cli.inspect.output import print_result, table
from nextword.cli.loading import load_model, require_one_text
from nextword.cli.options import (
    MAX_SEED,
    Debug,
    Device,
    EncodingErrors,
    Field,
    Json,
    Model,
    Quiet,
)
from nextword.cli.output import remark, visible

if TYPE_CHECKING:
    from nextword.inspection.cells import SpanMatches

_DEFAULT_CHARACTERS = 40_000
_DEFAULT_ABLATION_TOKENS = 5_000


def cells(
    model: Model,
    text: OptionalText = None,
    *,
    split: Split = None,
    out: Out = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            metavar="NAME|NAME=REGEX",
            help="Property to search for, or a new one: being inside a match of a regular "
            "expression; repeatable. All known properties by default.",
        ),
    ] = None,
    language: Annotated[
        str,
        typer.Option(
            "--language",
            metavar="auto|python|text",
            help="How properties are computed: exactly, for Python source, or by simple scanners.",
        ),
    ] = "auto",
    span: Annotated[
        str | None,
        typer.Option(
            "--span",
            metavar="START:END|TEXT",
            help="Also find the spans where the units are on that are on throughout this one.",
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="X", help="With --span: a unit is on from here.")
    ] = 0.3,
    ablation_tokens: Annotated[
        int,
        typer.Option(
            "--ablation-tokens",
            metavar="N",
            help="Tokens on which the loss without a unit is measured; 0 to leave it out.",
        ),
    ] = _DEFAULT_ABLATION_TOKENS,
    characters: Annotated[
        int,
        typer.Option(
            "--characters", metavar="N", help="Number of characters to read from the start of TEXT."
        ),
    ] = _DEFAULT_CHARACTERS,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="N", help="Seed of the untrained network and random units."),
    ] = 0,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find units of a recurrent model that track properties of a text, and draw them over it.

    Every unit is scored on the first half of the text, and the best ones again on the second. The
    controls are a random unit, the best unit of an untrained network, and a predictor from the last
    8 characters. Give a text that the model was not trained on, such as --split test.
    """
    from nextword import api
    from nextword.base import require_range
    from nextword.inspection import cells as instrument

    require_range("--ablation-tokens", ablation_tokens, low=0)
    require_range("--seed", seed, low=0, high=MAX_SEED)
    folder = checked_report_folder(out)
    require_one_text(text, split=split)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors) if text else None
    loaded = load_model(model, device=device, quiet=quiet)
    if corpus is None:
        corpus = loaded.held_out_corpus(split or "test")
    instrument.require_states(loaded.language_model)
    read = instrument.read_unit_text(corpus, loaded.tokenizer, max_characters=characters)
    chosen = instrument.text_language(read.documents) if language == "auto" else language
    wanted = instrument.named_properties(chosen, properties or ())
    place = None if span is None else instrument.find_span(read, span)
    states = instrument.unit_states(loaded.language_model, read.token_ids)
    spans = None
    if place is not None:
        start, end = place
        spans = instrument.match_span(read, states, start=start, end=end, threshold=threshold)
    search = instrument.search_cells(
        loaded.language_model,
        read,
        properties=wanted,
        untrained=api.untrained_twin(loaded, seed=seed),
        states=states,
        ablation_tokens=ablation_tokens,
        seed=seed,
        on_progress=None if quiet else remark,
    )
    result = instrument.CellResult(model=model, language=chosen, search=search, spans=spans)
    report = None
    if folder is not None:
        report = instrument.write_cells(
            folder, result, text=read, states=states, tokenizer=loaded.tokenizer
        )
    lines = instrument.notes(search)
    print_result(
        result.to_dict(),
        header=instrument.TABLE_HEADER,
        rows=instrument.table_rows(search),
        notes=lines if spans is None else [*lines, _span_table(spans)],
        report=report,
        json=json,
    )


def _span_table(spans: "SpanMatches") -> str:
    """Return the matches of a span with their context, one a line."""
    rows = [
        (
            f"{each.start}:{each.end}",
            visible(f"{each.before}[{each.text}]{each.after}"),
            f"{each.share:.0%}",
        )
        for each in spans.matches
    ]
    number = len(spans.units)
    head = f"{number} unit{' is' if number == 1 else 's are'} on throughout {spans.text!r}."
    return f"{head}\n{table(('characters', 'other spans', 'units on'), rows)}"
