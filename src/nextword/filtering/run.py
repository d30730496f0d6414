"""Filtering of many shards: thresholds, processes, and what an earlier call has completed."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from nextword.base import ProgressCallback, Values, require, require_range
from nextword.filtering.buckets import check_thresholds, quantile_thresholds
from nextword.filtering.folder import FilterFolder, find_shards, refuse_other_settings
from nextword.filtering.scoring import DocumentScorer
from nextword.filtering.settings import FilterSettings
from nextword.filtering.shards import ShardReader, filter_shard
from nextword.filtering.summary import FilterResult, ShardSummary
from nextword.filtering.workers import Work, run_in_processes
from nextword.storage import RunLock
from nextword.text import find_files

#: Returns a scorer; it is called in each process, so it must be possible to pickle it.
LoadScorer = Callable[[], DocumentScorer]


@dataclass(frozen=True, kw_only=True)
class ShardWork:
    """What each process is given: how to filter a shard.

    Attributes:
        load: Loads the model.
        out: Folder of the results.
        settings: The settings.
        thresholds: The largest figure of `head`, and that of `middle`.
    """

    load: LoadScorer
    out: Path
    settings: FilterSettings
    thresholds: tuple[float, float]

    def __call__(self) -> Work:
        """Load the model and return the function that filters a shard."""
        return self.with_scorer(self.load())

    def with_scorer(self, scorer: DocumentScorer) -> Work:
        """Return the function that filters a shard with a loaded model."""
        folder = FilterFolder(self.out)

        def work(source: Path, on_records: Callable[[int], None]) -> ShardSummary:
            summary = filter_shard(
                source,
                folder.target(source.name),
                scorer=scorer,
                settings=self.settings,
                thresholds=self.thresholds,
                on_records=on_records,
            )
            folder.save_summary(summary)
            return summary

        return work


@runtime_checkable
class RunShards(Protocol):
    """Filters shards in processes of its own, such as those of a cluster."""

    def __call__(
        self,
        shards: Sequence[Path],
        work: ShardWork,
        *,
        num_processes: int,
        on_records: Callable[[int], None],
    ) -> Iterator[ShardSummary]:
        """Iterate over the summaries in the order of completion.

        Args:
            shards: The shards; at least one.
            work: What each process is given.
            num_processes: Number of processes; each filters one shard at a time.
            on_records: Called with the number of records done since the last call.
        """


def filter_files(
    shards: Sequence[str],
    *,
    load: LoadScorer,
    out: Path,
    settings: FilterSettings,
    reference: Sequence[str] = (),
    num_processes: int = 1,
    run_shards: RunShards | None = None,
    on_progress: ProgressCallback | None = None,
) -> FilterResult:
    """Score the records of shards with a model, and write them with their scores into a folder.

    Complete shards of an earlier call are not scored again. A shard that was not complete is
    scored from its beginning, so its result does not depend on the interruption. The results do
    not depend on the number of processes either.

    Args:
        shards: Files, folders or globs of JSON lines.
        load: Loads the model.
        out: Folder of the results; created if it does not exist.
        settings: The settings.
        reference: Files, folders or globs of the sample for the quantiles; the shards themselves
            when empty. Thresholds are computed once and recorded.
        num_processes: Number of processes; each filters one shard at a time.
        run_shards: Filters the shards in processes of its own; None starts processes here.
        on_progress: Called with (stage, done, total); see `ProgressCallback`.

    Returns:
        Counts of all shards.

    Raises:
        ConfigError: A setting is invalid, or the folder contains something else.
        DataError: A shard cannot be read, or a record is bad and bad ones are not left out.
        LockedError: Another process writes into the folder.
        MismatchError: The folder contains results of another model or of other settings.
        WorkerError: A process was killed.
    """
    require_range("num_processes", num_processes, low=1)
    require(
        settings.thresholds is None or not reference,
        "thresholds and a reference are both given; the thresholds leave it without effect.",
        help="Leave one of them out.",
    )
    started = time.perf_counter()
    sources, folder = find_shards(shards, out=out), FilterFolder(out)
    samples = [path for name in reference for path in find_files(name)] or sources
    folder.create()
    with RunLock(folder.records):
        names = [path.name for path in sources]
        folder.sweep(names)
        done = {path.name: folder.summary(path) for path in sources}
        scorer = load()
        thresholds = _thresholds(
            folder,
            scorer,
            samples,
            settings=settings,
            reference=reference,
            on_progress=on_progress,
        )
        # Other processes may have another current folder.
        work = ShardWork(load=load, out=out.absolute(), settings=settings, thresholds=thresholds)
        waiting = [path for path in sources if done[path.name] is None]
        try:
            for summary in _summaries(
                waiting,
                work,
                scorer,
                num_processes=num_processes,
                run_shards=run_shards,
                on_progress=on_progress,
            ):
                done[summary.name] = summary
        finally:
            folder.sweep(names)
    return FilterResult(
        out=str(out),
        thresholds=thresholds,
        by=settings.by,
        shards=[found for name in names if (found := done[name]) is not None],
        num_done_before=len(sources) - len(waiting),
        seconds=time.perf_counter() - started,
    )


def _thresholds(
    folder: FilterFolder,
    scorer: DocumentScorer,
    samples: Sequence[Path],
    *,
    settings: FilterSettings,
    reference: Sequence[str],
    on_progress: ProgressCallback | None,
) -> tuple[float, float]:
    """Return the recorded thresholds, or compute and record them."""
    values: Values = settings.to_dict() | {
        "reference": list(reference) if settings.thresholds is None else None,
        "model": scorer.model.fingerprint(),
        "tokenizer": scorer.tokenizer.fingerprint,
    }
    saved = folder.saved_settings()
    if saved is not None:
        refuse_other_settings(values, saved, out=folder.path)
        low, high = saved["chosen_thresholds"]
        return low, high
    if settings.thresholds is not None:
        thresholds = check_thresholds(settings.thresholds)
    else:
        figures = _sampled(scorer, samples, settings=settings, on_progress=on_progress)
        thresholds = quantile_thresholds(list(figures), settings.quantiles, figure=settings.by)
    folder.save_settings(values | {"chosen_thresholds": list(thresholds)})
    return thresholds


def _sampled(
    scorer: DocumentScorer,
    samples: Sequence[Path],
    *,
    settings: FilterSettings,
    on_progress: ProgressCallback | None,
) -> Iterator[float | None]:
    """Iterate over the figures of the first records of each file of a sample."""
    count_per_file = -(-settings.sample // len(samples))
    num_done = 0
    for path in samples:
        reader = ShardReader(path, scorer=scorer, settings=settings)
        scores = itertools.chain.from_iterable(scores for _, scores in reader.scored())
        for score in itertools.islice(scores, count_per_file):
            num_done += 1
            yield score.to_dict().get(settings.by)
        if on_progress is not None:
            on_progress("choosing thresholds, documents", num_done, total=settings.sample)


def _summaries(
    waiting: Sequence[Path],
    work: ShardWork,
    scorer: DocumentScorer,
    *,
    num_processes: int,
    run_shards: RunShards | None,
    on_progress: ProgressCallback | None,
) -> Iterator[ShardSummary]:
    """Filter shards in this process, in others, or elsewhere."""
    num_records = 0

    def on_records(number: int) -> None:
        nonlocal num_records
        num_records += number
        if on_progress is not None:
            on_progress("scoring, documents", num_records)

    if run_shards is not None and waiting:
        yield from run_shards(waiting, work, num_processes=num_processes, on_records=on_records)
    elif min(num_processes, len(waiting)) <= 1:
        filter_one = work.with_scorer(scorer)
        for path in waiting:
            yield filter_one(path, on_records)
    else:
        found = run_in_processes(
            waiting, make_work=work, num_processes=num_processes, on_records=on_records
        )
        with closing(found):
            yield from found
