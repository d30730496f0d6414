"""From questions about passages to batches: words, segments, matches and candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from nextword.base import DataError
from nextword.tasks.decoding import Ids, Symbols, padded
from nextword.tasks.encoding import Batcher, SentenceRows
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.network.answers import CandidateBatch
from nextword.tasks.reading.network.batch import (
    EARLIER_ANSWER,
    EARLIER_QUESTION,
    NUM_MATCHES,
    QUESTION,
    OnDevice,
    ReadingBatch,
)
from nextword.tasks.reading.words import Words, find_words, split_words

#: Words of passages and questions that match no other word: they are in nearly every sentence.
_SIGNS = frozenset(".,;:!?\"'()")


@dataclass(frozen=True, kw_only=True)
class EncodedItem:
    """A question about a passage, with its words as rows of a table.

    Attributes:
        passage: The words of the passage.
        passage_rows: Their rows.
        question_rows: Rows of the words of the history and of the question.
        segments: What each of these words is from; see `ReadingBatch`.
        matches: Whether each word of the passage is in the question, and in the history.
        sentences: Sentence of each word of the passage, from 0.
        candidates: Words of each candidate; empty unless answers are candidates.
        target_ids: The target token id of each word of the passage; None unless words are copied.
    """

    passage: Words
    passage_rows: SentenceRows
    question_rows: SentenceRows
    segments: Int64[np.ndarray, " question"]
    matches: Float32[np.ndarray, "passage 2"]
    sentences: Int64[np.ndarray, " passage"]
    candidates: tuple[tuple[str, ...], ...] = ()
    target_ids: Ids | None = None

    @property
    def num_words(self) -> int:
        """Number of words of the passage and of the question with its history."""
        return len(self.passage_rows) + len(self.question_rows)


def encode_item(
    item: Item,
    batcher: Batcher,
    *,
    candidates: Sequence[str] = (),
    symbols: Symbols | None = None,
) -> EncodedItem:
    """Return a question with its words as rows of the table of a batcher.

    Args:
        item: The question.
        batcher: The batcher.
        candidates: The candidates, if answers are candidates.
        symbols: The symbols of written answers, if words of the passage can be copied.

    Raises:
        DataError: The passage or the question has no word.
    """
    passage = split_words(item.passage)
    question, segments = _question_words(item)
    for name, found in (("passage", passage.words), ("question", question)):
        if not found:
            raise DataError(f"{item.place}: the {name} has no word.")
    return EncodedItem(
        passage=passage,
        passage_rows=batcher.rows(passage.words),
        question_rows=batcher.rows(question),
        segments=segments,
        matches=_matches(passage.words, question, segments),
        sentences=np.searchsorted(item.starts, passage.places[:, 0], side="right") - 1,
        candidates=tuple(split_words(text).words for text in candidates),
        target_ids=None if symbols is None else symbols.ids_of(passage.words),
    )


def item_words(item: Item) -> list[str]:
    """Return all words of a question, its history and its passage."""
    question, _ = _question_words(item)
    return [*split_words(item.passage).words, *question]


def _question_words(item: Item) -> tuple[list[str], Int64[np.ndarray, " question"]]:
    """Return the words of the history and the question, and what each is from."""
    texts = []
    for turn in item.history:
        texts.append((turn.question, EARLIER_QUESTION))
        texts.append((turn.answer, EARLIER_ANSWER))
    texts.append((item.question, QUESTION))
    words: list[str] = []
    segments: list[int] = []
    for text, segment in texts:
        found = split_words(text).words
        words += found
        segments += [segment] * len(found)
    return words, np.array(segments, dtype=np.int64)


def _matches(
    passage: Sequence[str], question: Sequence[str], segments: Int64[np.ndarray, " question"]
) -> Float32[np.ndarray, "passage 2"]:
    asked: tuple[set[str], set[str]] = (set(), set())
    for word, segment in zip(question, segments.tolist(), strict=True):
        asked[segment != QUESTION].add(word.lower())
    found = np.zeros((len(passage), NUM_MATCHES), dtype=np.float32)
    for place, word in enumerate(passage):
        lowered = word.lower()
        if lowered not in _SIGNS:
            found[place] = [lowered in each for each in asked]
    return found


def batch_items(
    items: Sequence[EncodedItem],
    batcher: Batcher,
    *,
    answers: OnDevice | None = None,
    supporting: Float32[Tensor, "batch hop source"] | None = None,
) -> ReadingBatch:
    """Return a batch of questions.

    Args:
        items: The questions, encoded with the batcher.
        batcher: The batcher.
        answers: What answers of the kind need; see `ReadingBatch`.
        supporting: See `ReadingBatch`.
    """
    passages = batcher.collate([item.passage_rows for item in items])
    questions = batcher.collate([item.question_rows for item in items])
    segments = np.zeros(questions.places.shape, dtype=np.int64)
    matches = np.zeros((*passages.places.shape, NUM_MATCHES), dtype=np.float32)
    sentences = np.zeros(passages.places.shape, dtype=np.int64)
    for row, item in enumerate(items):
        sentences[row, : len(item.sentences)] = item.sentences
        segments[row, : len(item.segments)] = item.segments
        matches[row, : len(item.matches)] = item.matches
    target_ids = [item.target_ids for item in items if item.target_ids is not None]
    return ReadingBatch(
        passages=passages,
        questions=questions,
        segments=torch.from_numpy(segments),
        matches=torch.from_numpy(matches),
        sentences=torch.from_numpy(sentences),
        answers=answers,
        supporting=supporting,
        # Attention to padding is 0, so it does not matter as what it is copied.
        target_ids=padded(target_ids, pad_id=int(target_ids[0][0]))[0] if target_ids else None,
    )


def candidate_batch(
    items: Sequence[EncodedItem],
    batcher: Batcher,
    *,
    correct: Sequence[Sequence[int]] | None = None,
) -> CandidateBatch:
    """Return the candidates of a batch of questions.

    Args:
        items: The questions, each with at least one candidate.
        batcher: The batcher.
        correct: Indices of the candidates that are correct, for each question; None outside
            training.
    """
    distinct = list(dict.fromkeys(text for item in items for text in item.candidates))
    row_of = {text: row for row, text in enumerate(distinct)}
    shape = (len(items), max(len(item.candidates) for item in items))
    rows = torch.zeros(shape, dtype=torch.int64)
    mask = torch.zeros(shape, dtype=torch.bool)
    is_correct = torch.zeros(shape, dtype=torch.bool)
    mentions = []
    for number, item in enumerate(items):
        count = len(item.candidates)
        rows[number, :count] = torch.tensor([row_of[text] for text in item.candidates])
        mask[number, :count] = True
        mentions += [(number, *mention) for mention in _mentions(item)]
        if correct is not None:
            is_correct[number, list(correct[number])] = True
    return CandidateBatch(
        texts=batcher.batch(distinct),
        rows=rows,
        mask=mask,
        mentions=torch.tensor(mentions, dtype=torch.int64).view(-1, 3),
        is_correct=is_correct,
    )


def _mentions(item: EncodedItem) -> list[tuple[int, int]]:
    """Return candidate and first word of each mention of a candidate in the passage."""
    # Most candidates of a long list are not in the passage.
    present = {word.lower() for word in item.passage.words}
    return [
        (index, place)
        for index, text in enumerate(item.candidates)
        if text and text[0].lower() in present
        for place in find_words(item.passage.words, text)
    ]
