"""`nextword evaluate`: the perplexity of models on a text."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.lines import STANDARD_INPUT
from nextword.cli.loading import load_model, require_one_text
from nextword.cli.options import (
    TEXT_HELP,
    ArpaEncoding,
    BatchSize,
    Debug,
    Device,
    EncodingErrors,
    Field,
    Json,
    Precision,
    Quiet,
)
from nextword.cli.output import remark, write_json, write_line

if TYPE_CHECKING:
    from nextword.api import Model
    from nextword.evaluation import PerplexityCard
    from nextword.text import Corpus


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL", help="Run folders, model folders, ARPA files or hf:NAME models."
        ),
    ],
    text: Annotated[
        list[str] | None, typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP}; repeatable.")
    ] = None,
    *,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="valid|test",
            help="Use this held-out text of the model's own run instead of --text.",
        ),
    ] = None,
    reset: Annotated[
        str | None,
        typer.Option(
            "--reset",
            metavar="never|document|line",
            help="Where the state is reset; as in training by default.",
        ),
    ] = None,
    batch_size: BatchSize = None,
    chunk_length: Annotated[
        int | None,
        typer.Option(
            "--chunk-length", metavar="N", help="Steps per forward call; only affects speed."
        ),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(
            "--stride",
            metavar="N",
            help="Stride of the sliding window, in tokens, for hf: models with absolute positions; "
            "half the window by default.",
        ),
    ] = None,
    cache: Annotated[
        bool,
        typer.Option(
            "--cache",
            help="Add a row per neural model with a continuous cache of the words read so far.",
        ),
    ] = False,
    dynamic: Annotated[
        bool,
        typer.Option(
            "--dynamic",
            help="Add a row per neural model with dynamic evaluation: its weights follow the text.",
        ),
    ] = False,
    tune: Annotated[
        list[str] | None,
        typer.Option(
            "--tune",
            metavar="TEXT",
            help="Text to choose the settings of --cache and --dynamic on; repeatable.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            help="Change a setting of cache.* or dynamic.*; --tune keeps it; repeatable.",
        ),
    ] = None,
    per_line: Annotated[
        bool,
        typer.Option(
            "--per-line", help="Also print one row per line, each scored from the initial state."
        ),
    ] = False,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    precision: Precision = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure the perplexity of models on a text, and print a card, or a table of several models.

    The table has only figures that can be compared between these models; --json has all of them.
    With --cache and --dynamic, the model adapts to the text, and its figures are in rows of their
    own. Tune their settings on other text with --tune. With --precision, the model with weights of
    that precision has a row of its own, and the change in perplexity is printed.
    """
    from nextword.base import ConfigError
    from nextword.cli.adaptation import Adaptation
    from nextword.cli.progress import make_progress
    from nextword.evaluation import DEFAULT_BATCH_SIZE, resolve_reset
    from nextword.text import open_corpus

    _check_text(models, text, split=split, per_line=per_line)
    if per_line and (cache or dynamic):
        raise ConfigError(
            f"--per-line is given with {'--cache' if cache else '--dynamic'}, but lines are scored "
            "from the initial state, without adaptation.",
            help="Leave one of them out.",
        )
    _require_one_standard_input(text, tune)
    chosen = None if reset is None else resolve_reset(reset)
    adaptation = Adaptation.of(
        cache=cache, dynamic=dynamic, tune=tune or (), overrides=overrides or ()
    )
    encodings = _encodings(models, encoding)
    loaded = [
        (name, load_model(name, device=device, encoding=each, quiet=quiet))
        for name, each in zip(models, encodings, strict=True)
    ]
    if stride is not None:
        loaded = [
            (name, _with_stride(model, stride, is_only=len(loaded) == 1)) for name, model in loaded
        ]
    adaptation.check([model for _, model in loaded])
    opened = partial(
        open_corpus,
        field=field,
        encoding_errors=encoding_errors,
        standard_input=sys.stdin.buffer,
    )
    corpus = opened(text) if text else None
    tuning = opened(tune, needs_json=False) if tune else None
    rows = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    packed = {} if precision is None else _packed(loaded, precision)
    cards, lines, changes = [], [], []
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        for name, model in loaded:
            card = model.evaluate(
                corpus,
                split=split,
                reset=chosen,
                batch_size=rows,
                chunk_length=chunk_length,
                name=name,
                on_progress=progress.on_progress,
            )
            cards.append(card)
            cards += adaptation.cards(
                model,
                corpus,
                tune=tuning,
                split=split,
                reset=chosen,
                batch_size=rows,
                name=name,
                progress=progress,
            )
            if per_line and corpus is not None:
                lines += _line_rows(model, corpus, name=name, batch_size=rows)
            if name in packed:
                other = packed[name].evaluate(
                    corpus,
                    split=split,
                    reset=chosen,
                    batch_size=rows,
                    name=f"{name} ({precision})",
                    on_progress=progress.on_progress,
                )
                cards.append(other)
                changes.append((other.model, other.perplexity / card.perplexity - 1.0))
                if per_line and corpus is not None:
                    lines += _line_rows(packed[name], corpus, name=other.model, batch_size=rows)
    if json:
        results = {"results": [card.to_dict() for card in cards]}
        write_json(results | ({"lines": lines} if per_line else {}))
        return
    if per_line:
        _show_lines(lines)
    _show_cards(
        cards, dict(loaded) | {f"{name} ({precision})": each for name, each in packed.items()}
    )
    for name, change in changes:
        remark(f"{name} changes the perplexity by {change:+.3%}.")


def _check_text(
    models: Sequence[str], text: Sequence[str] | None, *, split: str | None, per_line: bool
) -> None:
    """Raise an error unless there is exactly one text for all models."""
    from nextword.base import ConfigError

    require_one_text(text, split=split, models=models)
    if split is not None and len(models) > 1:
        raise ConfigError(
            "--split is given for several models, whose runs may have different texts.",
            help="Name the text with --text.",
        )
    if split is not None and per_line:
        raise ConfigError(
            "--per-line is given with --split, whose text is stored as tokens.",
            help="Name the text with --text.",
        )


def _require_one_standard_input(text: Sequence[str] | None, tune: Sequence[str] | None) -> None:
    from nextword.base import ConfigError

    if STANDARD_INPUT in (text or ()) and STANDARD_INPUT in (tune or ()):
        raise ConfigError(
            "--text and --tune are both standard input, which can be read only once.",
            help="Name a file for one of them.",
        )


def _encodings(models: Sequence[str], encoding: str | None) -> list[str | None]:
    """Return the encoding for each model: the given one for files, None for other models."""
    are_files = [Path(name).is_file() for name in models]
    if not any(are_files):
        return [encoding] * len(models)
    return [encoding if is_file else None for is_file in are_files]


def _with_stride(model: "Model", stride: int, *, is_only: bool) -> "Model":
    """Return the model with a new stride; one of several is unchanged if it has no stride."""
    if model.language_model.stride is None and not is_only:
        return model
    return model.with_stride(stride)


def _packed(models: "Sequence[tuple[str, Model]]", precision: str) -> "dict[str, Model]":
    """Return each model with packed weights, by name."""
    from nextword.base import ConfigError

    packed = {}
    for name, model in models:
        try:
            packed[name] = model.with_precision(precision)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error.message}", help=error.help) from error
    return packed


def _line_rows(
    model: "Model", corpus: "Corpus", *, name: str, batch_size: int
) -> list[dict[str, Any]]:
    """Return the scores of each line as JSON values."""
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


def _show_lines(lines: Sequence[dict[str, Any]]) -> None:
    write_line("line\tlog_prob\ttokens\tunknown\tperplexity\tmodel")
    for row in lines:
        write_line(
            f"{row['line']}\t{row['log_prob']:.4f}\t{row['num_tokens']}\t{row['num_unknown']}\t"
            f"{row['perplexity']:.2f}\t{row['model']}"
        )
    write_line()


def _show_cards(cards: "Sequence[PerplexityCard]", models: "Mapping[str, Model]") -> None:
    """Print one card in full, or a table of several if they can be compared."""
    from nextword.evaluation import (
        comparability,
        describe_adaptation,
        render_card,
        render_cards,
        vocabulary_fingerprint,
    )

    compared = comparability(
        cards, [vocabulary_fingerprint(models[card.model].tokenizer) for card in cards]
    )
    if len(cards) == 1 or not compared.per_text:
        write_line("\n\n".join(map(render_card, cards)))
    else:
        write_line(render_cards(cards, per_token=compared.per_token))
        for card in cards:
            if card.adaptation_settings:
                remark(f"{card.model} + {describe_adaptation(card)}")
    if not compared.per_text:
        remark(f"These models cannot be compared: {compared.reason}. Each has its own card.")
    elif not compared.per_token:
        remark(f"Perplexity per token is not comparable and left out: {compared.reason}.")
