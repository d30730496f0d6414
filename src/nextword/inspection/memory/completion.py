"""How many characters of a word a model of characters must see to complete it."""

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nextword.base import ConfigError, DataError, require_range
from nextword.models import LanguageModel, inference
from nextword.tokens import Tokenizer

_WORD = re.compile(r"\w+")
_MAX_ROWS = 128
#: Longer words are left out: they are rare, and cost most of the time.
_MAX_LETTERS = 20
_MAX_TYPED = 8
_CONTEXT_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The accuracy of completing words, by the number of characters typed.

    Attributes:
        typed: Numbers of characters typed.
        accuracies: Share of words that the most probable characters complete exactly, among words
            with more characters than typed.
        num_words: Number of these words.
    """

    typed: tuple[int, ...]
    accuracies: tuple[float, ...]
    num_words: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)


def completion_by_typed(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    text: str,
    num_words: int = 200,
    seed: int = 0,
) -> Completion:
    """Measure how often the most probable characters complete a word that is partly typed.

    The model reads up to 300 characters before the word and the typed characters. Then the most
    probable character is appended until the word ends. A word is a run of letters, digits and `_`
    of at most 20 characters.

    Args:
        model: A model of characters or bytes.
        tokenizer: Its tokenizer.
        text: The text that words are drawn from.
        num_words: Number of words.
        seed: Seed of the draw.

    Returns:
        The accuracy for 0, 1, 2, ... characters typed.

    Raises:
        ConfigError: The model does not read characters or bytes, or the number is below 1.
        DataError: The text has no words.
    """
    require_range("words", num_words, low=1)
    if tokenizer.unit not in ("character", "byte") or tokenizer.is_backward:
        raise ConfigError(
            f"completion by characters needs a model of characters or bytes; this one reads "
            f"{tokenizer.description}.",
            help="Use a model of the recipe char-lstm or byte-lstm.",
        )
    words = [
        found
        for found in _WORD.finditer(text)
        if len(found.group()) <= _MAX_LETTERS and found.start() > 0 and found.end() < len(text)
    ]
    if not words:
        raise DataError("the text has no words to complete.", help="Give a longer text.")
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(words), size=min(num_words, len(words)), replace=False)
    drawn = [words[each] for each in np.sort(chosen)]
    with inference(model):
        return _measured(model, tokenizer, text=text, words=drawn)


def _measured(
    model: LanguageModel, tokenizer: Tokenizer, *, text: str, words: list[re.Match[str]]
) -> Completion:
    accuracies, counts, typed = [], [], []
    for number in range(_MAX_TYPED + 1):
        longer = [found for found in words if len(found.group()) > number]
        if not longer:
            break
        num_right = 0
        for start in range(0, len(longer), _MAX_ROWS):
            part = longer[start : start + _MAX_ROWS]
            num_right += _num_completed(model, tokenizer, text=text, words=part, typed=number)
        typed.append(number)
        accuracies.append(num_right / len(longer))
        counts.append(len(longer))
    return Completion(typed=tuple(typed), accuracies=tuple(accuracies), num_words=tuple(counts))


def _num_completed(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    text: str,
    words: list[re.Match[str]],
    typed: int,
) -> int:
    """Return the number of words that are completed exactly, by the most probable tokens."""
    contexts, rests = [], []
    for found in words:
        begin = max(0, found.start() - _CONTEXT_CHARACTERS)
        contexts.append(tokenizer.encode(text[begin : found.start() + typed]).ids.tolist())
        rests.append(tokenizer.encode(text[found.start() + typed : found.end()]).ids.tolist())
    lengths = torch.tensor([len(each) for each in contexts], device=model.device)
    rows = torch.zeros(len(words), int(lengths.max()), dtype=torch.int64, device=model.device)
    for row, context in zip(rows, contexts, strict=True):
        row[: len(context)] = torch.tensor(context)
    state = model.initial_state(len(words))
    boundary = torch.full_like(rows[:, :1], model.boundary_id)
    state = model.advance(torch.cat([boundary, rows[:, :-1]], 1), state, lengths)
    last = rows.gather(1, (lengths - 1)[:, None])
    is_right = torch.ones(len(words), dtype=torch.bool, device=model.device)
    for step in range(max(map(len, rests)) + 1):
        log_probs, state = model.next_log_probs(last, state)
        predicted = log_probs[:, 0].argmax(dim=1)
        is_right &= _matches(tokenizer, predicted, rests=rests, step=step)
        if not is_right.any():
            break
        last = predicted[:, None]
    return int(is_right.sum())


def _matches(
    tokenizer: Tokenizer, predicted: Tensor, *, rests: list[list[int]], step: int
) -> Tensor:
    """Return which rows predict the next character of the word, or its end after the last."""
    found = []
    for token_id, rest in zip(predicted.tolist(), rests, strict=True):
        if step < len(rest):
            found.append(token_id == rest[step])
        elif step == len(rest):
            found.append(_WORD.fullmatch(tokenizer.token_text(token_id)) is None)
        else:
            found.append(True)
    return torch.tensor(found, device=predicted.device)
