"""The training data of a reader: encoded questions with what their answers need."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from nextword.base import DataError
from nextword.tasks.decoding import Ids, target_batch
from nextword.tasks.reading.encoded import EncodedItem, batch_items, candidate_batch, encode_item
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.network import ReadingBatch
from nextword.tasks.reading.network.answers import SpanTargets
from nextword.tasks.reading.network.batch import OnDevice
from nextword.tasks.reading.parts import ReaderParts
from nextword.tasks.reading.scoring import normalize_answer
from nextword.tasks.reading.words import Words, find_words, split_words

_logger = logging.getLogger(__name__)
#: First and last word of a span.
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class _Example:
    """An encoded question with its targets.

    Attributes:
        item: The question.
        spans: The correct spans, for answers that are spans.
        correct: Indices of the correct candidates, for answers that are candidates.
        target: Token ids of the answer, for answers that are written.
        supporting: First word and the one after the last of each supporting sentence.
    """

    item: EncodedItem
    spans: tuple[Span, ...] = ()
    correct: tuple[int, ...] = ()
    target: Ids | None = None
    supporting: tuple[Span, ...] = ()


class ReadingData:
    """Training questions; one with several references is as many examples if answers are written.

    Questions whose answer cannot be found in the passage (spans) or among the candidates are left
    out, and so are passages that are too long; notices tell how many.

    Args:
        items: The questions.
        parts: Vocabularies and settings.
        max_length: Longest passage in words.

    Attributes:
        lengths: Number of words of each example, by which they are grouped.
        fingerprint: SHA-256 of the questions.

    Raises:
        DataError: No question is left.
    """

    def __init__(self, items: Sequence[Item], parts: ReaderParts, *, max_length: int) -> None:
        self._parts = parts
        self._batcher = parts.encoder.batcher()
        self._examples: list[_Example] = []
        num_long = num_without = 0
        for item in items:
            examples = self._encode(item)
            if len(split_words(item.passage)) > max_length:
                num_long += 1
            elif not examples:
                num_without += 1
            else:
                self._examples += examples
        _tell_left_out(num_without, len(items), reason=_REASONS[parts.config.answer])
        _tell_left_out(
            num_long,
            len(items),
            reason=f"have a passage of more than {max_length:,} words (training.max_length)",
        )
        if not self._examples:
            raise DataError(
                f"none of the {len(items):,} training questions can be used.",
                help=_USE_HELP[parts.config.answer],
            )
        self.lengths = [example.item.num_words for example in self._examples]
        self.fingerprint = items_sha256(items)

    def __len__(self) -> int:
        return len(self._examples)

    def batch(self, examples: Int64[np.ndarray, " batch"]) -> ReadingBatch:
        """Return a batch of questions with their targets.

        Args:
            examples: Indices of the examples.
        """
        chosen = [self._examples[i] for i in examples]
        return batch_items(
            [each.item for each in chosen],
            self._batcher,
            answers=self._answers(chosen),
            supporting=_supporting_words(chosen, self._parts.config.hops),
        )

    def _answers(self, chosen: Sequence[_Example]) -> OnDevice:
        if self._parts.symbols is not None:
            targets = [each.target for each in chosen if each.target is not None]
            return target_batch(targets, self._parts.symbols.tokenizer)
        if self._parts.config.answer == "span":
            return SpanTargets.of([each.spans for each in chosen])
        items = [each.item for each in chosen]
        return candidate_batch(items, self._batcher, correct=[each.correct for each in chosen])

    def _encode(self, item: Item) -> list[_Example]:
        """Return the examples of a question; none if its answer cannot be learned."""
        kind = self._parts.config.answer
        candidates = item.candidates or self._parts.answers if kind == "candidate" else ()
        encoded = encode_item(
            item, self._batcher, candidates=candidates, symbols=self._parts.copied_symbols
        )
        example = _Example(item=encoded, supporting=_sentence_words(item, encoded.passage))
        if kind == "span":
            spans = tuple(answer_spans(item, encoded.passage))
            return [replace(example, spans=spans)] if spans else []
        if kind == "candidate":
            correct = correct_candidates(candidates, item.references)
            return [replace(example, correct=correct)] if correct else []
        assert self._parts.symbols is not None  # written answers have symbols
        targets = [
            self._parts.symbols.encode(reference, place=item.place) for reference in item.references
        ]
        return [replace(example, target=target) for target in targets]


_REASONS = {
    "span": "have no answer that is a text of the passage",
    "candidate": "have no answer among their candidates",
    "free": "have no answer",
}
_USE_HELP = {
    "span": "For answers that are not in the passage set reading.answer=free or candidate.",
    "candidate": "An answer must be equal to a candidate, apart from case and punctuation.",
    "free": "Raise training.max_length.",
}


def answer_spans(item: Item, passage: Words) -> list[Span]:
    """Return the spans of a passage that are correct answers.

    With the place of the answer in the file, it is that span; otherwise it is every occurrence of a
    reference, or with supporting sentences that contain one, every occurrence there.

    Args:
        item: The question.
        passage: The words of its passage.
    """
    if item.answer_starts:
        starts = zip(item.answer_starts, item.references, strict=True)
        return [_covering(passage, start, start + len(text)) for start, text in starts]
    spans = []
    for reference in item.references:
        wanted = split_words(reference).words
        spans += [(place, place + len(wanted) - 1) for place in find_words(passage.words, wanted)]
    ranges = _sentence_words(item, passage)
    supported = [span for span in spans if any(first <= span[0] < end for first, end in ranges)]
    return sorted(set(supported or spans))


def correct_candidates(candidates: Sequence[str], references: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of the candidates that equal a reference after normalization.

    Example:
        >>> correct_candidates(["the hall", "garden"], ["Hall"])
        (0,)
    """
    wanted = {normalize_answer(reference) for reference in references}
    return tuple(i for i, each in enumerate(candidates) if normalize_answer(each) in wanted)


def items_sha256(items: Sequence[Item]) -> str:
    """Return the SHA-256 of questions."""
    digest = hashlib.sha256()
    for item in items:
        turns = [[turn.question, turn.answer] for turn in item.history]
        texts = [item.passage, item.question, item.references, turns, item.candidates]
        numbers = [item.supporting, item.answer_starts, item.starts]
        digest.update(json.dumps([texts, numbers]).encode() + b"\n")
    return digest.hexdigest()


def _covering(passage: Words, start: int, end: int) -> Span:
    """Return the first and the last word that characters of a passage belong to."""
    first = int(np.searchsorted(passage.places[:, 1], start, side="right"))
    last = int(np.searchsorted(passage.places[:, 0], end, side="left")) - 1
    first = min(first, len(passage) - 1)
    return first, max(first, last)


def _sentence_words(item: Item, passage: Words) -> tuple[Span, ...]:
    """Return the first word and the one after the last of each supporting sentence."""
    starts = np.searchsorted(passage.places[:, 0], item.starts)
    ends = [*starts[1:], len(passage)]
    ranges = [(int(starts[number]), int(ends[number])) for number in item.supporting]
    return tuple((first, end) for first, end in ranges if first < end)


def _supporting_words(
    examples: Sequence[_Example], num_hops: int
) -> Float32[Tensor, "batch hop source"] | None:
    """Return 1 at the words that the attention of each hop is moved to.

    Each hop has the supporting sentence of its number; the last hop has all further ones. If there
    are fewer sentences than hops, the last sentence is that of all further hops.
    """
    if not any(example.supporting for example in examples):
        return None
    width = max(len(example.item.passage_rows) for example in examples)
    table = torch.zeros(len(examples), num_hops, width)
    for row, example in enumerate(examples):
        ranges = example.supporting
        for hop in range(num_hops if ranges else 0):
            chosen = ranges[hop:] if hop == num_hops - 1 else ranges[hop : hop + 1]
            for first, end in chosen or ranges[-1:]:
                table[row, hop, first:end] = 1.0
    return table


def _tell_left_out(num_left_out: int, num_items: int, *, reason: str) -> None:
    if num_left_out:
        _logger.warning(
            "%s of %s training questions %s; they are left out",
            f"{num_left_out:,}",
            f"{num_items:,}",
            reason,
        )
