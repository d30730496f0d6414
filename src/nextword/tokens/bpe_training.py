"""Train a byte-pair encoding with the trainer of Hugging Face `tokenizers`.

The trainer is one native call that ignores signals. It runs in a separate thread, while the calling
thread waits in Python, reports the time and can be interrupted.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tokenizers
from tokenizers import models, trainers

from nextword.tokens.encoders import line_parts
from nextword.tokens.vocabularies import (
    LONGEST_PRETOKEN_BYTES,
    SPECIAL_TOKENS,
    SURROGATE,
    Vocabulary,
    add_parts,
    byte_alphabet,
)

_logger = logging.getLogger(__name__)

#: A pair of tokens that occurs once in the text is not merged.
_MIN_COUNT = 2
#: Limit of the characters in long stretches without white space. The trainer keeps each stretch in
#: memory, about 120 bytes for each character, and counts its pairs again for each merge.
MAX_UNBROKEN_CHARACTERS = 5_000_000
_UNBROKEN = re.compile(rf"(?<!\S)\S{{{LONGEST_PRETOKEN_BYTES},}}")
_WAIT_S = 0.2
_STOP_S = 2.0


def bpe_vocabulary(
    pieces: Iterable[str],
    *,
    vocab_size: int,
    on_merging: Callable[[int], None] | None = None,
    max_unbroken: int = MAX_UNBROKEN_CHARACTERS,
) -> Vocabulary:
    """Learn a byte-pair vocabulary from a text.

    Args:
        pieces: The text, in pieces that end at line ends.
        vocab_size: Largest number of tokens, special ones included.
        on_merging: Called a few times a second after the text is read, with the seconds spent on
            merges.
        max_unbroken: Number of characters used of stretches of 252 or more characters without
            white space. A warning is logged if there are more.

    Returns:
        The tokens and merges.
    """
    bare = Vocabulary(kind="bpe", tokens=SPECIAL_TOKENS)
    tokenizer = tokenizers.Tokenizer(models.BPE())
    add_parts(tokenizer, bare)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=_MIN_COUNT,
        show_progress=False,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=list(byte_alphabet()),
    )
    parts = _plain_parts(_with_less_unbroken_text(pieces, max_unbroken))
    _Training(tokenizer, trainer, parts).run(on_merging)
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = tuple((first, second) for first, second in model["merges"])
    return Vocabulary(kind="bpe", tokens=tuple(tokens), merges=merges)


class _Stopped(Exception):
    """Raised in the trainer's thread when training is interrupted."""


class _Training:
    """One call of the trainer in a separate thread."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, trainer: Any, parts: Iterator[str]) -> None:
        self._tokenizer = tokenizer
        self._trainer = trainer
        self._parts = parts
        self._is_stopped = False
        self._is_read = False
        self._error: BaseException | None = None

    def run(self, on_merging: Callable[[int], None] | None) -> None:
        """Wait for the trainer in Python, which handles signals, and raise its error."""
        # An interrupted trainer cannot be stopped; a daemon thread ends with the process.
        thread = threading.Thread(target=self._train, daemon=True)
        try:
            thread.start()
            self._wait(thread, on_merging)
        except BaseException:
            self._is_stopped = True
            if thread.is_alive():
                thread.join(_STOP_S)
            raise
        if self._error is not None:
            raise self._error

    def _wait(self, thread: threading.Thread, on_merging: Callable[[int], None] | None) -> None:
        started = None
        while thread.is_alive():
            thread.join(_WAIT_S)
            if self._is_read and on_merging is not None:
                started = time.monotonic() if started is None else started
                on_merging(int(time.monotonic() - started))

    def _train(self) -> None:
        try:
            self._tokenizer.train_from_iterator(self._feed(), self._trainer)
        except BaseException as error:
            self._error = error

    def _feed(self) -> Iterator[str]:
        for part in self._parts:
            if self._is_stopped:
                raise _Stopped
            yield part
        self._is_read = True


def _plain_parts(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text without bytes that are not UTF-8, in parts that the trainer reads fast."""
    for piece in pieces:
        for plain in SURROGATE.split(piece):
            yield from line_parts(plain)


def _with_less_unbroken_text(pieces: Iterable[str], max_characters: int) -> Iterator[str]:
    """Yield the text with at most `max_characters` in long stretches without white space."""
    left = max_characters

    def shortened(found: re.Match[str]) -> str:
        nonlocal left
        kept = found.group()[: max(left, 0)]
        left -= len(found.group())
        return kept

    for piece in pieces:
        yield _UNBROKEN.sub(shortened, piece)
    if left < 0:
        _logger.warning(
            "%s characters of the training text are in stretches of %d or more without white "
            "space; byte pairs were learned from the first %s of them.",
            f"{max_characters - left:,}",
            LONGEST_PRETOKEN_BYTES,
            f"{max_characters:,}",
        )
