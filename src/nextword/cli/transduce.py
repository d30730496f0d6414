"""`nextword transduce`: train a sequence-to-sequence model, evaluate it, and map sources."""

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
    from nextword.tasks.transduction import (
        Pair,
        ScoredPair,
        SearchConfig,
        Transducer,
        Transduction,
    )

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)

_PAIRS = "Pairs: SOURCE<TAB>TARGET[<TAB>more references], or JSON lines with source and target"
TransducerModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder or model folder of a transducer.")
]
Ensemble = Annotated[
    list[str] | None,
    typer.Option(
        "--ensemble",
        metavar="MODEL",
        help="A further model whose probabilities are averaged; repeatable.",
    ),
]
Beam = Annotated[int, typer.Option("--beam", metavar="K", help="Beam size; 1 is greedy search.")]
LengthPenalty = Annotated[
    float,
    typer.Option(
        "--length-penalty", metavar="A", help="Divide log-probabilities by ((5 + length) / 6)^A."
    ),
]
CoveragePenalty = Annotated[
    float,
    typer.Option(
        "--coverage-penalty", metavar="B", help="Weight of the penalty for unattended sources."
    ),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        metavar="N",
        help="Symbols after which a target is ended; by the source's length by default.",
    ),
]
Fusion = Annotated[
    str | None,
    typer.Option(
        "--fusion", metavar="LM", help="Language model of the target side, for shallow fusion."
    ),
]
#: Weight of a language model that --fusion names.
_FUSION_WEIGHT = 0.3
FusionWeight = Annotated[
    float | None,
    typer.Option(
        "--fusion-weight", metavar="W", help="Weight of the language model; 0.3 by default."
    ),
]


@app.command(short_help="Train a sequence-to-sequence model.")
def train(
    files: Annotated[list[str] | None, typer.Argument(metavar="TRAIN", help=f"{_PAIRS}.")] = None,
    out: Out = None,
    *,
    valid: Valid = None,
    test: Test = None,
    recipe: Recipe = None,
    overrides: Overrides = None,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="MODEL", help="Start from the weights of this transducer."),
    ] = None,
    resume: Resume = "never",
    device: TrainDevice = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train an encoder-decoder on pairs of a source and a target.

    Sources and targets are sequences of characters by default; --set source.kind=symbol or word,
    byte, bpe, and --set target.kind= likewise. The best model is chosen by exact matches of greedy
    search on the validation data.
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
        partial(api.train_transducer, files or ()),
        command="nextword transduce train",
        unit="symbols",
        out=out,
        resume=resume,
        json=json,
        quiet=quiet,
        settings=settings,
        recipe=recipe,
    )


@app.command(short_help="Measure a sequence-to-sequence model on pairs.")
def evaluate(
    model: TransducerModel,
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE", help=f"{_PAIRS}.")] = None,
    *,
    text: SameAsFile = None,
    beam: Beam = 1,
    length_penalty: LengthPenalty = 0.0,
    coverage_penalty: CoveragePenalty = 0.0,
    max_length: MaxLength = None,
    ensemble: Ensemble = None,
    fusion: Fusion = None,
    fusion_weight: FusionWeight = None,
    bleu: Annotated[
        bool, typer.Option("--bleu", help="Also print BLEU and chrF of sacrebleu.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the predictions, pictures of attention, JSON."
        ),
    ] = None,
    batch_size: BatchSize = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the targets that a model finds with the references of pairs.

    Prints exact matches, the error rate of symbols and of words, and F1. With several references of
    a source the closest one counts.
    """
    from nextword.cli.progress import make_progress
    from nextword.tasks.transduction import ScoreCounter, read_pairs, scored_pairs
    from nextword.tasks.transduction.evaluation import (
        write_pictures,
        write_predictions,
        write_scores,
    )

    names = named_files(files, text, content="pairs")
    config = _search(beam, 1, length_penalty, coverage_penalty, max_length, fusion, fusion_weight)
    transducer = _load(model, ensemble, config, fusion=fusion, batch_size=batch_size, device=device)
    pairs = list(read_pairs(names, standard_input=sys.stdin.buffer))
    counter = ScoreCounter(transducer, with_corpus_scores=bleu)
    scored: Iterable[ScoredPair] = scored_pairs(transducer, pairs)
    if out is not None:
        scored = write_predictions(out, scored)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        for done, each in enumerate(scored, start=1):
            counter.add(each)
            progress.on_progress("finding targets of sources", done, total=len(pairs))
    scores = counter.scores()
    shown = {"model": model, "text": " ".join(names), **scores.to_dict(), "beam_size": beam}
    if out is not None:
        write_scores(out, shown)
        write_pictures(out, transducer, sources=(pair.source for pair in pairs))
    if json:
        write_json(shown)
        return
    write_line(scores.render())
    if out is not None:
        write_line(f"\npredictions  {out / 'predictions.tsv'}")


@app.command(short_help="Find the targets of sources.")
def predict(
    model: TransducerModel,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="One source a line, or JSON lines; - for input.")
    ] = "-",
    *,
    beam: Beam = 1,
    n_best: Annotated[
        int, typer.Option("--n-best", metavar="N", help="Number of targets of a source.")
    ] = 1,
    length_penalty: LengthPenalty = 0.0,
    coverage_penalty: CoveragePenalty = 0.0,
    max_length: MaxLength = None,
    ensemble: Ensemble = None,
    fusion: Fusion = None,
    fusion_weight: FusionWeight = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures", metavar="DIR", help="Folder for a picture of attention of each source."
        ),
    ] = None,
    batch_size: BatchSize = None,
    device: Device = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a source.")] = False,
    debug: Debug = False,
) -> None:
    r"""Find targets of sources, in the order of the input and in constant memory.

    Prints one target a line, and an empty line for an empty line. With --n-best above 1, each line
    is LINE<TAB>SCORE<TAB>TARGET. Tabs and line ends inside a target are printed as \t and \n. Of a
    line with tabs only the first field is read.
    """
    from nextword.tasks.texts import one_field
    from nextword.tasks.transduction.evaluation import draw_attention

    config = _search(
        beam, n_best, length_penalty, coverage_penalty, max_length, fusion, fusion_weight
    )
    transducer = _load(model, ensemble, config, fusion=fusion, batch_size=batch_size, device=device)
    if pictures is not None:
        _require_attention(transducer, model)
        pictures.mkdir(parents=True, exist_ok=True)
    read_ahead = 1 if file == "-" and sys.stdin.isatty() else None
    has_told = False
    for number, pair, found in _predictions(transducer, file, read_ahead=read_ahead):
        num_unknown = transducer.num_unknown(pair.source)
        if num_unknown and not has_told:
            has_told = True
            remark(
                f"{pair.place}: {num_unknown} symbols of the source are not in the training data; "
                "later sources with unknown symbols are not reported (--json counts them)"
            )
        if pictures is not None and found:
            draw_attention(transducer, pair.source, path=pictures / f"attention-{number}.png")
        if json:
            targets = [each.to_dict() for each in found]
            write_json(
                {
                    "line": number,
                    "source": pair.source,
                    "num_unknown": num_unknown,
                    "targets": targets,
                }
            )
        elif n_best == 1:
            write_line(one_field(found[0].text) if found else "")
        else:
            for each in found:
                write_line(f"{number}\t{each.score:.6f}\t{one_field(each.text)}")


def _search(
    beam: int,
    n_best: int,
    length_penalty: float,
    coverage_penalty: float,
    max_length: int | None,
    fusion: str | None,
    fusion_weight: float | None,
) -> "SearchConfig":
    from nextword.base import ConfigError
    from nextword.tasks.transduction import SearchConfig

    if fusion is None and fusion_weight is not None:
        raise ConfigError(
            "--fusion-weight is given without --fusion, the language model that it weighs.",
            help="Leave it out, or name a language model with --fusion.",
        )
    weight = _FUSION_WEIGHT if fusion_weight is None else fusion_weight
    return SearchConfig(
        beam_size=beam,
        n_best=n_best,
        length_penalty=length_penalty,
        coverage_penalty=coverage_penalty,
        max_length=max_length,
        fusion_weight=0.0 if fusion is None else weight,
    )


def _load(
    model: str,
    ensemble: list[str] | None,
    config: "SearchConfig",
    *,
    fusion: str | None,
    batch_size: int | None,
    device: str,
) -> "Transducer":
    """Set up threads and memory of the process, and load the models with their search."""
    from nextword.tasks.transduction import load_transducer
    from nextword.tensors import resolve_device, tune_process

    tune_process()
    transducer = load_transducer(
        Path(model), *map(Path, ensemble or ()), device=resolve_device(device)
    )
    return transducer.with_search(config, language_model=fusion, batch_size=batch_size or 64)


def _require_attention(transducer: "Transducer", model: str) -> None:
    from nextword.base import ConfigError

    if transducer.parts.decoder.attention == "none":
        raise ConfigError(
            f"{model} has no attention that could be drawn.", help="Leave --pictures out."
        )


def _predictions(
    transducer: "Transducer", file: str, *, read_ahead: int | None
) -> "Iterator[tuple[int, Pair, list[Transduction]]]":
    """Yield the number, the source and the targets of every line; none for an empty line."""
    from nextword.tasks.transduction import read_pairs
    from nextword.tasks.transduction.predictor import READ_AHEAD

    pairs = read_pairs(
        [file], with_targets=False, standard_input=sys.stdin.buffer, is_read_once=True
    )
    # Not more than `read_ahead` sources are kept.
    given, kept = tee(pairs)

    def sources() -> Iterator[str]:
        for pair in given:
            if pair.source.strip():
                transducer.parts.source.config.check(pair.source, place=pair.place)
                yield pair.source

    targets = transducer.transduce_texts(sources(), read_ahead=read_ahead or READ_AHEAD)
    for number, pair in enumerate(kept, start=1):
        found = next(targets) if pair.source.strip() else []
        if any(each.is_cut for each in found[:1]):
            remark(f"{pair.place}: the target reached its maximum length and was ended")
        yield number, pair, found
