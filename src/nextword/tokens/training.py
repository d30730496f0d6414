"""Learning a vocabulary from a text in one pass. Knows nothing of files or of fast encoding."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tokenizers
from tokenizers import models, trainers

from nextword.base import DataError
from nextword.tokens.config import DEFAULT_BPE_VOCAB_SIZE, TokenizerConfig
from nextword.tokens.layout import Vocabulary, add_parts, byte_alphabet
from nextword.tokens.specials import (
    NUM_SPECIAL_TOKENS,
    SPECIAL_TOKENS,
    SURROGATE,
    UNKNOWN_TOKEN,
)
from nextword.tokens.tokenizer import Tokenizer

#: A pair of tokens seen once in the whole text is no pattern.
_BPE_MIN_COUNT = 2


def train_tokenizer(
    config: TokenizerConfig,
    pieces: Iterable[str],
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Tokenizer:
    r"""Learn a vocabulary: special tokens first, then by falling count, then by text.

    The same text gives the same tokenizer on every machine. The text is read once and not kept;
    kind `byte` has nothing to learn and reads none of it.

    Args:
        config: What to learn.
        pieces: The training text, in pieces that end at line ends.
        on_progress: Called with the number of characters read so far.

    Raises:
        DataError: The text is empty.

    Example:
        >>> tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["the cat\n", "the dog\n"])
        >>> tokenizer.encode("the dog\n").ids.tolist()
        [4, 6, 3]
    """
    if config.kind == "byte":
        return Tokenizer(Vocabulary(kind="byte", tokens=(*SPECIAL_TOKENS, *byte_alphabet())))
    watched = _watch(pieces, on_progress)
    if config.kind == "bpe":
        return Tokenizer(_bpe_vocabulary(config, watched))
    if config.kind == "character":
        return Tokenizer(_character_vocabulary(config, watched))
    return Tokenizer(_word_vocabulary(config, watched))


def _watch(pieces: Iterable[str], on_progress: Callable[[int], None] | None) -> Iterator[str]:
    num_characters = 0
    for piece in pieces:
        num_characters += len(piece)
        yield piece
        if on_progress is not None:
            on_progress(num_characters)
    if not num_characters:
        raise DataError(
            "the training text is empty; there is nothing to learn a vocabulary from.",
            help="Name a text with at least one character.",
        )


def _word_vocabulary(config: TokenizerConfig, pieces: Iterable[str]) -> Vocabulary:
    counts: Counter[bytes] = Counter()
    for piece in pieces:
        counts.update(piece.encode("utf-8", errors="surrogatepass").split())
    literals = [name.encode("utf-8") for name in SPECIAL_TOKENS]
    has_unknown = UNKNOWN_TOKEN.encode("utf-8") in counts
    closed = has_unknown if config.closed == "auto" else config.closed
    for literal in literals:
        del counts[literal]
    words = {word: count for data, count in counts.items() if (word := _as_text(data)) is not None}
    min_count = config.min_count or (1 if closed else 2)
    return Vocabulary(kind="word", closed=closed, tokens=_by_count(words, config, min_count))


def _as_text(data: bytes) -> str | None:
    """Give a word as text, or None when it holds a byte that was not UTF-8: JSON cannot keep it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _character_vocabulary(config: TokenizerConfig, pieces: Iterable[str]) -> Vocabulary:
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece)
    characters = {sign: count for sign, count in counts.items() if not SURROGATE.match(sign)}
    tokens = _by_count(characters, config, config.min_count or 1)
    return Vocabulary(kind="character", tokens=tokens)


def _by_count(counts: dict[str, int], config: TokenizerConfig, min_count: int) -> tuple[str, ...]:
    kept = sorted(
        (name for name, count in counts.items() if count >= min_count),
        key=lambda name: (-counts[name], name),
    )
    if config.vocab_size is not None:
        kept = kept[: config.vocab_size - NUM_SPECIAL_TOKENS]
    return (*SPECIAL_TOKENS, *kept)


def _bpe_vocabulary(config: TokenizerConfig, pieces: Iterable[str]) -> Vocabulary:
    tokenizer = tokenizers.Tokenizer(models.BPE())
    add_parts(tokenizer, kind="bpe", closed=False)
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size or DEFAULT_BPE_VOCAB_SIZE,
        min_frequency=_BPE_MIN_COUNT,
        show_progress=False,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=list(byte_alphabet()),
    )
    plain = (part for piece in pieces for part in SURROGATE.split(piece))
    tokenizer.train_from_iterator(plain, trainer)
    model: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = tuple((first, second) for first, second in model["merges"])
    return Vocabulary(kind="bpe", tokens=tuple(tokens), merges=merges)
