"""The training data of a transducer: encoded pairs, one for each reference."""

import hashlib
import logging
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from nextword.base import DataError
from nextword.tasks.decoding import Ids, Symbols, padded, target_batch
from nextword.tasks.transduction.batch import PairBatch, SourceIds
from nextword.tasks.transduction.files import Pair
from nextword.tensors import Lengths

_logger = logging.getLogger(__name__)


class PairData:
    """Encoded pairs; a source with several references is as many pairs.

    Args:
        pairs: The pairs.
        source: The symbols of sources.
        target: The symbols of targets.
        max_length: Longest source or target, in tokens; pairs with longer ones are left out.

    Attributes:
        lengths: Number of tokens of each pair, by which pairs are grouped.
        fingerprint: SHA-256 of the pairs.

    Raises:
        DataError: No pair is left, or a text cannot be encoded.
    """

    def __init__(
        self, pairs: Sequence[Pair], *, source: Symbols, target: Symbols, max_length: int
    ) -> None:
        self._source, self._target = source, target
        self._sources: list[Ids] = []
        self._targets: list[Ids] = []
        num_pairs = 0
        for pair in pairs:
            source_ids = source.encode(pair.source, place=pair.place)
            for reference in pair.references:
                num_pairs += 1
                target_ids = target.encode(reference, place=pair.place)
                if max(len(source_ids), len(target_ids)) <= max_length:
                    self._sources.append(source_ids)
                    self._targets.append(target_ids)
        _tell_left_out(num_pairs - len(self._sources), num_pairs, max_length)
        # Batches are sorted by source first: its padding costs more than that of the target.
        self.lengths = [len(source_ids) for source_ids in self._sources]
        self.fingerprint = pairs_sha256(pairs)

    def __len__(self) -> int:
        return len(self._sources)

    @property
    def longest_target(self) -> int:
        """Number of tokens of the longest target."""
        return max(map(len, self._targets))

    @property
    def length_ratio(self) -> float:
        """Number of target tokens per source token."""
        return sum(map(len, self._targets)) / max(1, sum(map(len, self._sources)))

    def batch(self, examples: Int64[np.ndarray, " batch"]) -> PairBatch:
        """Return a batch of pairs.

        Args:
            examples: Indices of the pairs.
        """
        return pair_batch(
            [self._sources[i] for i in examples],
            [self._targets[i] for i in examples],
            source=self._source,
            target=self._target,
        )


def pair_batch(
    sources: Sequence[Ids], targets: Sequence[Ids], *, source: Symbols, target: Symbols
) -> PairBatch:
    """Return encoded pairs as a batch.

    Args:
        sources: Token ids of each source.
        targets: Token ids of each target.
        source: The symbols of sources.
        target: The symbols of targets.
    """
    source_ids, source_lengths = padded_sources(sources, source)
    return PairBatch(
        source_ids=source_ids,
        source_lengths=source_lengths,
        targets=target_batch(targets, target.tokenizer),
    )


def padded_sources(sources: Sequence[Ids], symbols: Symbols) -> tuple[SourceIds, Lengths]:
    """Return sources between a start and an end token, padded, and their lengths.

    The two tokens show attention where a source begins and ends.

    Args:
        sources: Token ids of each source.
        symbols: The symbols of sources.
    """
    tokenizer = symbols.tokenizer
    start, end = [tokenizer.sentence_start_id], [tokenizer.sentence_end_id]
    rows = [np.concatenate([start, ids, end]) for ids in sources]
    return padded(rows, pad_id=tokenizer.pad_id)


def pairs_sha256(pairs: Sequence[Pair]) -> str:
    """Return the SHA-256 of pairs."""
    digest = hashlib.sha256()
    for pair in pairs:
        content = "\0".join((pair.source, *pair.references))
        digest.update(content.encode("utf-8", errors="surrogatepass") + b"\n")
    return digest.hexdigest()


def _tell_left_out(num_left_out: int, num_pairs: int, max_length: int) -> None:
    """Log how many pairs are too long, or raise an error if all are."""
    if not num_left_out:
        return
    if num_left_out == num_pairs:
        raise DataError(
            f"all {num_pairs:,} training pairs have more than {max_length:,} symbols.",
            help="Raise training.max_length.",
        )
    _logger.warning(
        "%s of %s training pairs have more than %s symbols in the source or the target; they are "
        "left out (training.max_length)",
        f"{num_left_out:,}",
        f"{num_pairs:,}",
        f"{max_length:,}",
    )
