"""Recall: whether a model predicts an expected word, by how far back the word was."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from nextword.base import DataError
from nextword.models import LanguageModel, inference
from nextword.tokens import Tokenizer

#: More distances than these are put together by powers of two.
_MAX_GROUPS = 16


@dataclass(frozen=True, kw_only=True)
class RecallItem:
    """A context, and the word that should follow it.

    Attributes:
        context: The context.
        word: The expected word.
        distance: Number of tokens from the word to the prediction, as given; when None, it is
            counted from the last occurrence of the word in the context.
    """

    context: str
    word: str
    distance: int | None = None


@dataclass(frozen=True, kw_only=True)
class RecallScore:
    """How one item was predicted.

    Attributes:
        distance: Number of tokens from the word to the prediction; None if it is not known.
        rank: Largest rank of a token of the word, 1 for the most probable; None where a token is
            not in the vocabulary.
        nll: Negative log-likelihood of the word, in nats; None where rank is None.
    """

    distance: int | None
    rank: int | None
    nll: float | None

    @property
    def is_correct(self) -> bool:
        """Whether every token of the word was the most probable one."""
        return self.rank == 1


@dataclass(frozen=True, kw_only=True)
class RecallGroup:
    """The items of about the same distance.

    Attributes:
        first: The smallest distance; None for items without one.
        last: The largest distance.
        num_items: Number of items.
        accuracy: Share of items whose word was the most probable one.
        mean_reciprocal_rank: Mean of 1 / rank; 0 where the word is not in the vocabulary.
    """

    first: int | None
    last: int | None
    num_items: int
    accuracy: float
    mean_reciprocal_rank: float


@dataclass(frozen=True, kw_only=True)
class Recall:
    """The recall of a model on a list of items.

    Attributes:
        scores: One score per item.
        groups: Accuracy and rank by distance.
        num_unknown: Number of items whose word is not in the vocabulary; they count as wrong.
    """

    scores: tuple[RecallScore, ...]
    groups: tuple[RecallGroup, ...]
    num_unknown: int

    @property
    def accuracy(self) -> float:
        """Share of all items whose word was the most probable one."""
        return sum(score.is_correct for score in self.scores) / len(self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {**asdict(self), "accuracy": self.accuracy}


def read_recall_items(text: str, *, name: str) -> list[RecallItem]:
    r"""Parse lines of `context<TAB>word`, or `context<TAB>word<TAB>distance`.

    Empty lines are ignored.

    Args:
        text: The lines.
        name: Name of the file, for error messages.

    Raises:
        DataError: A line has another form, or there is no item.

    Example:
        >>> read_recall_items("Ann sang. It was\tAnn\n", name="items.tsv")[0].word
        'Ann'
    """
    items = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split("\t")
        is_valid = len(parts) == 2 or (len(parts) == 3 and parts[2].isdecimal())
        if not is_valid or not parts[0].strip() or not parts[1].strip():
            raise DataError(
                f"line {number} of {name} is not context, tab, word: {line[:60]!r}.",
                help="Write a context, a tab and the word that should follow; and a second tab and "
                "a distance in tokens, if you like.",
            )
        distance = int(parts[2]) if len(parts) == 3 else None
        items.append(RecallItem(context=parts[0], word=parts[1].strip(), distance=distance))
    if not items:
        raise DataError(f"{name} has no items.", help="Write lines of context, tab, word.")
    return items


def recall(model: LanguageModel, tokenizer: Tokenizer, *, items: Sequence[RecallItem]) -> Recall:
    """Measure whether a model predicts the expected word of each item.

    Every context is read from the start of a text. A word of several tokens is right if each token
    is the most probable one after those before it.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        items: The items, at least one.

    Returns:
        Accuracy and rank by distance.
    """
    with inference(model):
        scores = tuple(_score(model, tokenizer, item) for item in items)
    return Recall(
        scores=scores,
        groups=tuple(_groups(scores)),
        num_unknown=sum(score.rank is None for score in scores),
    )


def _score(model: LanguageModel, tokenizer: Tokenizer, item: RecallItem) -> RecallScore:
    context, word = _joined(tokenizer, item)
    read = tokenizer.encode(context).ids.tolist()
    encoding = tokenizer.encode(word)
    expected = encoding.ids.tolist()
    distance = item.distance if item.distance is not None else _distance(tokenizer, context, item)
    if encoding.unknown.any() or not expected:
        return RecallScore(distance=distance, rank=None, nll=None)
    ids = torch.tensor([[model.boundary_id, *read, *expected[:-1]]], device=model.device)
    state = model.initial_state(1)
    num_before = ids.shape[1] - len(expected)
    if num_before:
        state = model.advance(ids[:, :num_before], state)
    log_probs, _ = model.next_log_probs(ids[:, num_before:], state)
    targets = torch.tensor(expected, device=model.device)
    scores = log_probs[0].double().gather(1, targets[:, None])
    ranks = 1 + (log_probs[0] > scores).sum(dim=1)
    return RecallScore(distance=distance, rank=int(ranks.max()), nll=-float(scores.sum()))


def _joined(tokenizer: Tokenizer, item: RecallItem) -> tuple[str, str]:
    """Return the context and the word as the model reads them, with the blank between them."""
    if tokenizer.is_word_level:
        return item.context, item.word
    context = item.context.rstrip(" ")
    if tokenizer.unit == "subword":
        return context, f" {item.word}"
    return f"{context} ", item.word


def _distance(tokenizer: Tokenizer, context: str, item: RecallItem) -> int | None:
    """Return the number of tokens from the last occurrence of the word; None without one."""
    found = list(re.finditer(rf"(?<!\w){re.escape(item.word)}(?!\w)", context))
    if not found:
        return None
    return len(tokenizer.encode(context[found[-1].start() :]).ids)


def _groups(scores: Sequence[RecallScore]) -> list[RecallGroup]:
    known = sorted({score.distance for score in scores if score.distance is not None})
    are_single = len(known) <= _MAX_GROUPS

    def key(distance: int) -> int:
        return distance if are_single else distance.bit_length()

    groups = []
    for each in sorted({key(distance) for distance in known}):
        groups.append([s for s in scores if s.distance is not None and key(s.distance) == each])
    unknown = [score for score in scores if score.distance is None]
    return [_group(members) for members in (*groups, unknown) if members]


def _group(scores: Sequence[RecallScore]) -> RecallGroup:
    distances = [score.distance for score in scores if score.distance is not None]
    reciprocal = [0.0 if score.rank is None else 1.0 / score.rank for score in scores]
    return RecallGroup(
        first=min(distances, default=None),
        last=max(distances, default=None),
        num_items=len(scores),
        accuracy=sum(score.is_correct for score in scores) / len(scores),
        mean_reciprocal_rank=sum(reciprocal) / len(scores),
    )
