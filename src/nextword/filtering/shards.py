"""One shard: its records are scored in order, and the result replaces the old one at once."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nextword.base import DataError, atomic_writer
from nextword.filtering.buckets import ALL_BUCKETS, BUCKETS
from nextword.filtering.compressed import ByteSink, compressed
from nextword.filtering.records import numbered_lines, record_text, with_values
from nextword.filtering.scoring import DocumentScore, DocumentScorer, EncodedDocument
from nextword.filtering.settings import FilterSettings
from nextword.filtering.summary import ShardSummary
from nextword.text import read_blocks, shown_name

#: Records are scored in groups of about so many bytes.
_GROUP_BYTES = 1 << 20


@dataclass(kw_only=True)
class _Group:
    """Records that are scored together: their lines, and their documents encoded."""

    lines: list[bytes] = field(default_factory=list)
    documents: list[EncodedDocument] = field(default_factory=list)


class ShardReader:
    """Reads the records of a shard, in groups that are scored together.

    Args:
        path: The shard.
        scorer: The model.
        settings: The settings.

    Attributes:
        num_skipped: Bad records that were left out so far.
    """

    def __init__(self, path: Path, *, scorer: DocumentScorer, settings: FilterSettings) -> None:
        self._path = path
        self._scorer = scorer
        self._settings = settings
        self.num_skipped = 0

    def scored(self) -> Iterator[tuple[list[bytes], list[DocumentScore]]]:
        """Iterate over the lines of groups of records, and their scores.

        Raises:
            DataError: The shard cannot be read, or a record is bad and bad ones are not left out.
            DivergedError: The model returns NaN.
        """
        for group in self._groups():
            yield group.lines, self._scorer.score(group.documents)

    def _groups(self) -> Iterator[_Group]:
        group, size = _Group(), 0
        for number, line in numbered_lines(read_blocks(self._path)):
            document = self._document(line, f"{shown_name(self._path)}:{number}")
            if document is None or line is None:
                continue
            group.lines.append(line)
            group.documents.append(document)
            size += len(line) + 1
            if size >= _GROUP_BYTES:
                yield group
                group, size = _Group(), 0
        if group.lines:
            yield group

    def _document(self, line: bytes | None, name: str) -> EncodedDocument | None:
        """Return the document of a line; None for a line of white space and a skipped one."""
        settings = self._settings
        try:
            text = record_text(line, name=name, field=settings.field, added=settings.added_names)
            return None if text is None else self._scorer.encode(text, name=name)
        except DataError:
            if not settings.skips_bad:
                raise
            self.num_skipped += 1
            return None


@dataclass(kw_only=True)
class _Counts:
    """Sums over the records of a shard."""

    kept: int = 0
    infinite: int = 0
    undefined: int = 0
    bytes: int = 0
    tokens: int = 0
    unknown: int = 0
    lost: int = 0
    finite_tokens: int = 0
    finite_bytes: int = 0
    nll: float = 0.0
    buckets: Counter[str] = field(default_factory=Counter)

    def add(self, score: DocumentScore, bucket: str, *, is_kept: bool, is_undefined: bool) -> None:
        is_finite = score.nll < float("inf")
        self.kept += is_kept
        self.infinite += not is_finite
        self.undefined += is_undefined and is_finite and score.num_tokens > 0
        self.bytes += score.num_bytes
        self.tokens += score.num_tokens
        self.unknown += score.num_unknown
        self.lost += score.num_characters_lost
        self.buckets[bucket] += 1
        if is_finite:
            self.finite_tokens += score.num_tokens
            self.finite_bytes += score.num_bytes
            self.nll += score.nll


def filter_shard(
    source: Path,
    target: Path,
    *,
    scorer: DocumentScorer,
    settings: FilterSettings,
    thresholds: tuple[float, float],
    on_records: Callable[[int], None] | None = None,
) -> ShardSummary:
    """Score the records of a shard, and write those of the kept buckets.

    Args:
        source: The shard.
        target: The file to write; replaced at once when it is complete. Compressed as its name
            says.
        scorer: The model.
        settings: The settings.
        thresholds: The largest figure of `head`, and that of `middle`.
        on_records: Called with the number of records of each group after it was scored.

    Returns:
        What was counted.

    Raises:
        DataError: The shard cannot be read, or a record is bad and bad ones are not left out.
        DiskFullError: The disk is full.
        DivergedError: The model returns NaN.
    """
    started, status = time.process_time(), source.stat()
    reader = ShardReader(source, scorer=scorer, settings=settings)
    counts = _Counts()
    with atomic_writer(target) as file, compressed(file, name=target.name) as sink:
        for lines, scores in reader.scored():
            _write(lines, scores, sink, counts, settings=settings, thresholds=thresholds)
            if on_records is not None:
                on_records(len(lines))
    return ShardSummary(
        name=source.name,
        source_bytes=status.st_size,
        source_modified_ns=status.st_mtime_ns,
        written_bytes=target.stat().st_size,
        num_records=counts.buckets.total(),
        num_kept=counts.kept,
        num_skipped=reader.num_skipped,
        num_infinite=counts.infinite,
        num_undefined=counts.undefined,
        num_bytes=counts.bytes,
        num_tokens=counts.tokens,
        num_unknown=counts.unknown,
        num_characters_lost=counts.lost,
        num_finite_tokens=counts.finite_tokens,
        num_finite_bytes=counts.finite_bytes,
        nll_sum=counts.nll,
        buckets={
            name: counts.buckets[name]
            for name in ALL_BUCKETS
            if name in BUCKETS or counts.buckets[name]
        },
        processor_seconds=time.process_time() - started,
    )


def _write(
    lines: list[bytes],
    scores: list[DocumentScore],
    sink: ByteSink,
    counts: _Counts,
    *,
    settings: FilterSettings,
    thresholds: tuple[float, float],
) -> None:
    for line, score in zip(lines, scores, strict=True):
        values = score.to_dict()
        bucket = score.bucket(thresholds, by=settings.by)
        is_kept = bucket in settings.keep
        is_undefined = values.get(settings.by) is None
        counts.add(score, bucket, is_kept=is_kept, is_undefined=is_undefined)
        if is_kept:
            named = {settings.prefix + name: value for name, value in values.items()}
            sink.write(with_values(line, named | {f"{settings.prefix}bucket": bucket}))
