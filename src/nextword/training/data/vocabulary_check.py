"""Validation of a vocabulary: most words of the training text must be in it.

Otherwise a model learns to predict `<unk>`, and its perplexity is close to 1 for any text. Does not
depend on models.
"""

import logging
from collections.abc import Mapping

from nextword.base import DataError
from nextword.tokens import (
    NUM_SPECIAL_TOKENS,
    Coverage,
    Tokenizer,
    TokenizerConfig,
    TokenStore,
    coverage,
)

_logger = logging.getLogger(__name__)

#: In most languages written with blanks, words have 4 to 8 characters on average.
_LONG_WORD_CHARACTERS = 20
#: With fewer words per line on average, most lines are one word.
_FEW_WORDS_PER_LINE = 1.2
_MIN_LINES = 2

_OTHER_KINDS = (
    "For a text without blanks between words (Chinese, Japanese, Thai, minified code, a list of "
    "names), use --set tokenizer.kind=character, bpe or byte."
)
#: From this share of unknown words on, a given vocabulary does not suit a text.
_LARGE_UNKNOWN_SHARE = 0.2
_SMALLER_COUNT = "To keep rare ones, lower --set tokenizer.min_count."


def check_vocabulary(
    tokenizer: Tokenizer,
    stores: Mapping[str, TokenStore],
    *,
    config: TokenizerConfig,
    descriptions: Mapping[str, str],
    init: str | None = None,
) -> None:
    """Raise an error if most words of the training text are unknown, and log warnings.

    A warning is logged for another text that is mostly unknown, and for very long words.

    Args:
        tokenizer: The tokenizer of the texts.
        stores: The encoded texts by part, including `train`.
        config: The settings that the tokenizer was trained with.
        descriptions: Names of the texts by part, for messages.
        init: The model whose tokenizer is kept; None for one that was trained on this text.

    Raises:
        DataError: The vocabulary contains no words, or most words of the training text are unknown
            although the vocabulary has not reached its maximum size.
    """
    for part, store in stores.items():
        found = coverage(store, tokenizer=tokenizer)
        name = descriptions[part]
        if part == "train" and init is not None and found.num_words:
            _require_known_words(tokenizer, found, name=name, init=init)
            continue
        if part == "train":
            _require_words(tokenizer, store, found, config=config, name=name)
            _warn_of_long_words(store, found, name=name)
        if found.is_mostly_unknown:
            _logger.warning(
                "%.0f %% of the %s of %s are unknown: perplexities on it mostly measure how well "
                "<unk> is predicted. %s",
                100 * found.unknown_share,
                _unit(tokenizer),
                name,
                _OTHER_KINDS,
            )


def _require_known_words(tokenizer: Tokenizer, found: Coverage, *, name: str, init: str) -> None:
    """Raise an error or log a warning if the vocabulary of another model lacks many words."""
    if found.unknown_share < _LARGE_UNKNOWN_SHARE:
        return
    message = (
        f"{100 * found.unknown_share:.0f} % of the {_unit(tokenizer)} of {name} are not in the "
        f"vocabulary of {init}, which is kept"
    )
    help = (
        "Leave --init out, so that a vocabulary is learned from this text. To fine-tune on other "
        "languages or words, start from a model of byte pairs: train it with --set "
        "tokenizer.kind=bpe."
    )
    if found.is_mostly_unknown:
        raise DataError(f"{message}: a model would learn to predict <unk>.", help=help)
    _logger.warning("%s. %s", message, help)


def _require_words(
    tokenizer: Tokenizer,
    store: TokenStore,
    found: Coverage,
    *,
    config: TokenizerConfig,
    name: str,
) -> None:
    if not found.num_words:
        raise DataError(
            f"{name} holds no {_unit(tokenizer)}, only white space and line ends.",
            help="Use a text with words.",
        )
    # With a small maximum size, most words of any text are unknown.
    is_full = tokenizer.vocab_size == config.vocab_size
    is_empty = tokenizer.vocab_size == NUM_SPECIAL_TOKENS
    if is_empty or (found.is_mostly_unknown and not is_full):
        mean = _mean_length(store, found)
        raise DataError(
            f"{found.num_unknown:,} of the {found.num_words:,} {_unit(tokenizer)} of {name} are "
            f"unknown to the vocabulary of {tokenizer.vocab_size - NUM_SPECIAL_TOKENS:,} "
            f"{_unit(tokenizer)}, {mean:.1f} characters each on average: a model would learn to "
            "predict <unk>.",
            help=f"{_OTHER_KINDS} {_SMALLER_COUNT}",
        )


def _warn_of_long_words(store: TokenStore, found: Coverage, *, name: str) -> None:
    """Log a warning if most lines are one word, or if words are unusually long."""
    if not found.num_lines:
        return
    words_per_line = found.num_words / found.num_lines
    mean = _mean_length(store, found)
    if found.num_lines >= _MIN_LINES and words_per_line < _FEW_WORDS_PER_LINE:
        reason = f"most lines of {name} are one word"
    elif mean > _LONG_WORD_CHARACTERS:
        reason = f"the words of {name} have {mean:.0f} characters on average"
    else:
        return
    _logger.warning("%s: the word tokenizer may not suit it. %s", reason, _OTHER_KINDS)


def _mean_length(store: TokenStore, found: Coverage) -> float:
    """Return the mean number of characters per word, with separators but without line ends."""
    num_line_ends = store.num_tokens - found.num_words
    return (store.num_characters - num_line_ends) / found.num_words


def _unit(tokenizer: Tokenizer) -> str:
    return f"{tokenizer.unit}s"
