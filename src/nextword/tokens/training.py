"""Train a tokenizer on a text in one pass. Knows nothing of files or of fast encoding."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from nextword.base import DataError
from nextword.tokens.bpe_training import bpe_vocabulary
from nextword.tokens.config import DEFAULT_BPE_VOCAB_SIZE, TokenizerConfig
from nextword.tokens.vocabularies import (
    LATEST_LAYOUT,
    NUM_SPECIAL_TOKENS,
    SPECIAL_TOKENS,
    SURROGATE,
    UNKNOWN_TOKEN,
    TextSplitter,
    Vocabulary,
    byte_alphabet,
    fold_word,
    lowered,
    remove_markers,
    split_words,
    unfold_word,
)
from nextword.tokens.vocabulary_tokenizer import VocabularyTokenizer


def train_tokenizer(
    config: TokenizerConfig,
    pieces: Iterable[str],
    *,
    on_progress: Callable[[int], None] | None = None,
    on_merging: Callable[[int], None] | None = None,
) -> VocabularyTokenizer:
    r"""Train a tokenizer.

    The vocabulary has the special tokens first. Words and characters follow by descending count,
    then by code point. The same text gives the same tokenizer on every machine. The text
    is read once and not kept; kind `byte` does not read it.

    Args:
        config: Settings of the tokenizer.
        pieces: The training text, in pieces that end at line ends.
        on_progress: Called with the number of characters read so far.
        on_merging: Kind `bpe` only: called after the text is read, with the seconds spent on
            merges.

    Returns:
        The tokenizer.

    Raises:
        DataError: The text is empty, or contains a reserved symbol that `markers` does not remove.

    Example:
        >>> tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["the cat\n", "the dog\n"])
        >>> tokenizer.encode("the dog\n").ids.tolist()
        [4, 6, 3]
    """
    if config.kind == "byte":
        vocabulary = Vocabulary(kind="byte", tokens=(*SPECIAL_TOKENS, *byte_alphabet()))
    else:
        vocabulary = _learned_vocabulary(config, _watch(pieces, on_progress), on_merging)
    return VocabularyTokenizer(replace(vocabulary, direction=config.direction))


def _learned_vocabulary(
    config: TokenizerConfig, pieces: Iterable[str], on_merging: Callable[[int], None] | None
) -> Vocabulary:
    if config.kind == "bpe":
        vocab_size = config.vocab_size or DEFAULT_BPE_VOCAB_SIZE
        return bpe_vocabulary(pieces, vocab_size=vocab_size, on_merging=on_merging)
    if config.kind == "character":
        return _character_vocabulary(config, pieces)
    return _word_vocabulary(config, pieces)


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
    first_line = 1
    for piece in pieces:
        text = remove_markers(
            piece, config.markers, name="the training text", first_line=first_line
        )
        first_line += piece.count("\n")
        counts.update(_word_bytes(text, config))
    has_unknown = counts.pop(UNKNOWN_TOKEN.encode("utf-8"), 0) > 0
    closed = has_unknown if config.closed == "auto" else config.closed
    words = {word: count for data, count in counts.items() if (word := _as_text(data)) is not None}
    min_count = config.min_count or (1 if closed else 2)
    if config.lowercase:
        words = _lowered(words)
    return Vocabulary(
        kind="word",
        closed=closed,
        markers=config.markers,
        split=config.split,
        lowercase=config.lowercase,
        tokens=_by_count(words, config, min_count),
    )


def _word_bytes(text: str, config: TokenizerConfig) -> list[bytes]:
    """Return the words of a text in the form of `split_words`, without line ends."""
    if config.split == "whitespace":
        return split_words(text.encode("utf-8", errors="surrogatepass"))
    pieces = TextSplitter(lowercase=config.lowercase).split(text)
    found = (text[start:end] for word, (start, end) in pieces if word != "\n")
    return [
        fold_word(word.encode("utf-8", errors="surrogatepass"), LATEST_LAYOUT) for word in found
    ]


def _lowered(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts of words in lower case; special tokens are no words."""
    merged: Counter[str] = Counter()
    for word, count in counts.items():
        merged[lowered(word)] += count
    return {word: count for word, count in merged.items() if word not in SPECIAL_TOKENS}


def _as_text(data: bytes) -> str | None:
    """Return a word as text; None if it has a byte that is not UTF-8, which JSON cannot store."""
    try:
        return unfold_word(data, LATEST_LAYOUT).decode("utf-8")
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
