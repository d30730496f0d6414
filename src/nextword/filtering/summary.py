"""Counts of a filtering: of one shard, and of all."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from nextword.base import STRICT, Values, nats_to_bits, perplexity
from nextword.filtering.buckets import ALL_BUCKETS, BUCKETS

_Count = Annotated[int, Field(ge=0)]


@STRICT
@dataclass(frozen=True, kw_only=True)
class ShardSummary:
    """What was counted in a shard.

    Attributes:
        name: Name of the file.
        source_bytes: Size of the shard, as it is stored.
        source_modified_ns: Its modification time, in nanoseconds since 1970.
        written_bytes: Size of the result, as it is stored.
        num_records: Scored records.
        num_kept: Written records.
        num_skipped: Bad records that were left out.
        num_infinite: Records with a token of probability 0.
        num_undefined: Records without the figure that buckets are chosen by, although every token
            is possible: some are unknown, or the tokenizer dropped characters. They are in `tail`.
        num_bytes: Bytes of the scored texts in UTF-8.
        num_tokens: Their tokens.
        num_unknown: Those of them that are out of vocabulary.
        num_characters_lost: Characters of the texts that cannot be decoded from the tokens.
        num_finite_tokens: Tokens of the records whose score is finite.
        num_finite_bytes: Bytes of those records.
        nll_sum: Negative log-likelihood of those records, in nats.
        buckets: Number of scored records in each bucket.
        processor_seconds: Processor time.
    """

    name: str
    source_bytes: _Count
    source_modified_ns: int
    written_bytes: _Count
    num_records: _Count
    num_kept: _Count
    num_skipped: _Count
    num_infinite: _Count
    num_undefined: _Count
    num_bytes: _Count
    num_tokens: _Count
    num_unknown: _Count
    num_characters_lost: _Count
    num_finite_tokens: _Count
    num_finite_bytes: _Count
    nll_sum: float
    buckets: dict[str, _Count] = field(default_factory=dict)
    processor_seconds: float

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)


def shard_summary(values: object) -> ShardSummary | None:
    """Return the summary from JSON values; None if they are not those of a summary."""
    try:
        return TypeAdapter(ShardSummary).validate_python(values)
    except ValidationError:
        return None


@dataclass(frozen=True, kw_only=True)
class FilterResult:
    """The result of a filtering.

    Attributes:
        out: Folder of the results.
        thresholds: The largest figure of `head`, and that of `middle`.
        by: The figure that buckets are chosen by.
        shards: Summary of each shard, in order.
        num_done_before: Shards that an earlier call had completed.
        seconds: Duration of this call.
    """

    out: str
    thresholds: tuple[float, float]
    by: str
    shards: Sequence[ShardSummary]
    num_done_before: int
    seconds: float

    def total(self, name: str) -> int:
        """Return the sum of a count over all shards, such as `num_records`."""
        return sum(getattr(shard, name) for shard in self.shards)

    @property
    def buckets(self) -> dict[str, int]:
        """Number of scored records in each bucket; `all` only if it has some."""
        counts = {
            name: sum(shard.buckets.get(name, 0) for shard in self.shards) for name in ALL_BUCKETS
        }
        return {name: n for name, n in counts.items() if name in BUCKETS or n}

    @property
    def perplexity(self) -> float | None:
        """Perplexity per token of all records with a finite score."""
        count = self.total("num_finite_tokens")
        return perplexity(self._nll_sum, count) if count else None

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of all records with a finite score.

        None if any token is unknown, or if the tokenizer dropped characters.
        """
        count = self.total("num_finite_bytes")
        if not count or self.total("num_unknown") or self.total("num_characters_lost"):
            return None
        return nats_to_bits(self._nll_sum) / count

    @property
    def _nll_sum(self) -> float:
        return math.fsum(shard.nll_sum for shard in self.shards)

    def to_dict(self) -> Values:
        """Return the result as JSON values."""
        counts = ("num_records", "num_kept", "num_skipped", "num_infinite", "num_undefined")
        return {
            "out": self.out,
            "num_shards": len(self.shards),
            "num_done_before": self.num_done_before,
            **{name: self.total(name) for name in counts},
            "num_bytes": self.total("num_bytes"),
            "num_tokens": self.total("num_tokens"),
            "num_unknown": self.total("num_unknown"),
            "num_characters_lost": self.total("num_characters_lost"),
            "perplexity": self.perplexity,
            "bits_per_byte": self.bits_per_byte,
            "by": self.by,
            "thresholds": list(self.thresholds),
            "buckets": self.buckets,
            "seconds": self.seconds,
            "processor_seconds": sum(shard.processor_seconds for shard in self.shards),
        }
