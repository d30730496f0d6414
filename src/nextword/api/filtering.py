"""Score the documents of files of JSON lines, and sort them into buckets."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextword.api.loading import load_language_model
from nextword.api.texts import Names, names_of
from nextword.base import (
    ConfigError,
    ProgressCallback,
    checked_path,
    did_you_mean,
    require,
)

if TYPE_CHECKING:
    from nextword.filtering import DocumentScorer, FilterResult, RunShards

ENGINES = ("processes", "ray")


def filter_shards(
    shards: Names,
    *,
    model: str | Path,
    out: str | Path,
    field: str = "text",
    by: str = "perplexity",
    thresholds: Sequence[float] | None = None,
    reference: Names = (),
    quantiles: Sequence[float] | None = None,
    sample: int | None = None,
    keep: Sequence[str] | None = None,
    prefix: str = "",
    skip_bad: bool = False,
    processes: int = 1,
    engine: str = "processes",
    style: str = "nextword",
    batch_size: int | None = None,
    device: str = "cpu",
    encoding: str | None = None,
    on_progress: ProgressCallback | None = None,
) -> "FilterResult":
    """Score the documents of files of JSON lines, and write them with their scores and buckets.

    Each record is written as it was read, with values added at its end: `nll` (nats), `num_tokens`,
    `num_unknown`, `perplexity` (per token), `perplexity_per_word`, `bits_per_byte` and `bucket`.
    The bucket is `head` up to the first threshold, `middle` up to the second, and `tail` above it
    and for documents without tokens or with a token of probability 0. A call that was stopped can
    be repeated: complete shards are kept, and the results are those of a call without a stop.

    Args:
        shards: Files, folders or globs of JSON lines, which may be compressed.
        model: A run folder, a model folder, an ARPA file, or `hf:NAME`. Each process loads it.
        out: Folder of the results, which have the names of the shards.
        field: Key of the text in each record.
        by: Figure of the thresholds: `perplexity`, `perplexity_per_word` or `bits_per_byte`.
        thresholds: The largest figure of `head`, and that of `middle`; quantiles when None.
        reference: Files of the sample for the quantiles; the shards when empty.
        quantiles: Shares of the sample in `head`, and in `head` and `middle` together; thirds when
            None.
        sample: Number of documents in the sample: the first ones of each file; 10,000 when None.
        keep: Buckets whose records are written; all when None.
        prefix: Text in front of the names of added values.
        skip_bad: Whether bad records are counted and left out; otherwise they are an error.
        processes: Number of processes. A program that uses more than one must call this function
            under `if __name__ == "__main__":`.
        engine: `processes` of this machine, or `ray` for Ray Data, which needs the extra `ray`. The
            machines of a Ray cluster must share the folders of the shards, the model and `out`.
        style: `nextword`, or `ccnet` to write what CCNet writes: the perplexity per word over the
            lines of a document, each read by itself and its end counted as a word, with one
            decimal, and the bucket: `head` below the first threshold, `middle` below the second,
            `tail`, and `all` for a document without a text.
        batch_size: Number of documents in a batch; chosen by the model when None.
        device: Device of the model's parameters.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        on_progress: Called with (stage, done, total).

    Returns:
        Counts of all shards, with the thresholds.

    Raises:
        CheckpointError: The model cannot be loaded.
        ConfigError: A setting is invalid or has no effect, or the folder contains something else.
        DataError: A shard cannot be read, or a record is bad and `skip_bad` is False.
        LockedError: Another process writes into the folder.
        MismatchError: The folder contains results of another model or of other settings.
        MissingExtraError: `engine` is `ray`, and Ray is not installed.
        WorkerError: A process was killed.

    Example:
        `nextword.filter_shards("shards/*.jsonl.zst", model="runs/ngram", out="scored")`
    """
    from nextword.filtering import FilterSettings, filter_files

    run_shards = _run_shards(engine)
    given = {"quantiles": None if quantiles is None else tuple(quantiles), "sample": sample}
    for name, value in given.items():
        require(
            thresholds is None or value is None,
            f"thresholds and {name} are both given; the thresholds leave {name} without effect.",
            help="Leave one of them out.",
        )
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    values |= {} if keep is None else {"keep": tuple(keep)}
    settings = FilterSettings(
        field=field,
        by=by,
        thresholds=None if thresholds is None else tuple(thresholds),
        prefix=prefix,
        skips_bad=skip_bad,
        style=style,
        **values,
    )
    return filter_files(
        names_of(shards),
        load=partial(_load_scorer, _absolute(str(model)), device, encoding, batch_size, style),
        out=Path(out),
        settings=settings,
        reference=names_of(reference),
        num_processes=processes,
        run_shards=run_shards,
        on_progress=on_progress,
    )


def _absolute(name: str) -> str:
    """Return the name of a model for processes whose current folder is another one."""
    return str(checked_path(name).absolute()) if checked_path(name).exists() else name


def _run_shards(engine: str) -> "RunShards | None":
    """Return what filters shards under an engine; None for processes of this machine."""
    if engine not in ENGINES:
        raise ConfigError(f"engine is {engine!r}.", help=did_you_mean(engine, ENGINES))
    if engine == "processes":
        return None
    from nextword.interop import ray_shards, require_ray

    require_ray()
    return ray_shards


def _load_scorer(
    name: str, device: str, encoding: str | None, batch_size: int | None, style: str
) -> "DocumentScorer":
    from nextword.filtering import CcnetScorer, DocumentScorer

    loaded = load_language_model(name, device=device, encoding=encoding)
    kind = CcnetScorer if style == "ccnet" else DocumentScorer
    return kind(loaded.language_model, loaded.tokenizer, batch_size=batch_size)
