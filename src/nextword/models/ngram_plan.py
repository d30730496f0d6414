"""How large an n-gram model becomes and how long counting takes, from the beginning of a text.

A short text is counted whole. Of a longer one two beginnings are, one twice as long as the other:
the number of n-grams of an order grows as a power of the text's length (Heaps' law), the time in
proportion to it.
"""

import math
import time
from dataclasses import dataclass, replace

from nextword.models.ngram_config import NgramConfig
from nextword.models.ngram_training import BYTES_PER_TOKEN, MEMORY_BYTES, estimate_tables
from nextword.ngrams import NgramTables, Sentences, sentences_of
from nextword.tokens import Tokenizer, TokenStore

#: A text of at most so many tokens is counted whole.
SAMPLE_TOKENS = 2**20
#: What is written of a token while counts spill to disk.
_SPILLED_BYTES_PER_TOKEN = 40
_BYTES_PER_KEY, _BYTES_PER_NUMBER = 8, 4


@dataclass(frozen=True, kw_only=True)
class NgramEstimate:
    """What an n-gram model takes.

    Attributes:
        num_ngrams: Number of n-grams of each order, order 1 first.
        is_counted: Whether the whole text was counted; else the numbers are estimates.
        counting_bytes: Memory of counting at the peak, bytes.
        spilled_bytes: What counting writes to disk meanwhile, bytes.
        seconds: Time of counting and smoothing.
    """

    num_ngrams: tuple[int, ...]
    is_counted: bool
    counting_bytes: int
    spilled_bytes: int
    seconds: float

    @property
    def num_parameters(self) -> int:
        """Probabilities, and the back-off weights of every order but the highest."""
        return sum(self.num_ngrams) + sum(self.num_ngrams[:-1])

    @property
    def model_bytes(self) -> int:
        """Bytes of the model's tables: the numbers, and the keys from order 2 on."""
        return _BYTES_PER_NUMBER * self.num_parameters + _BYTES_PER_KEY * sum(self.num_ngrams[1:])


def estimate_ngram(
    store: TokenStore,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    sample_tokens: int = SAMPLE_TOKENS,
) -> NgramEstimate:
    """Count the beginning of a text and say what the whole of it would take.

    Args:
        store: The training text.
        tokenizer: What made the store.
        config: Order and smoothing.
        sample_tokens: How much is counted, at least 2.

    Raises:
        ConfigError: The order is above the longest sentence, or the pruning makes no sense.
        DataError: No token is left to count.
    """
    sentences = sentences_of(store, tokenizer, skip_unknown=config.unknown == "kenlm")
    num_tokens = len(sentences.ids)
    is_counted = num_tokens <= sample_tokens
    measured = min(num_tokens, sample_tokens)
    started = time.perf_counter()
    large = _counted(sentences, tokenizer, config, num_tokens=measured)
    seconds = (time.perf_counter() - started) * num_tokens / measured
    numbers = large.num_ngrams
    if not is_counted:
        small = _counted(sentences, tokenizer, config, num_tokens=measured // 2)
        numbers = tuple(
            _extrapolated(half, whole, times=num_tokens / measured, limit=num_tokens)
            for half, whole in zip(small.num_ngrams, large.num_ngrams, strict=True)
        )
    spills = num_tokens * BYTES_PER_TOKEN > MEMORY_BYTES
    return NgramEstimate(
        num_ngrams=(large.vocab_size, *numbers[1:]),
        is_counted=is_counted,
        counting_bytes=min(num_tokens * BYTES_PER_TOKEN, MEMORY_BYTES),
        spilled_bytes=num_tokens * _SPILLED_BYTES_PER_TOKEN if spills else 0,
        seconds=seconds,
    )


def _counted(
    sentences: Sentences, tokenizer: Tokenizer, config: NgramConfig, *, num_tokens: int
) -> NgramTables:
    part = replace(
        sentences,
        ids=sentences.ids[:num_tokens],
        starts=sentences.starts[sentences.starts < num_tokens],
    )
    return estimate_tables(part, tokenizer, config=config)


def _extrapolated(half: int, whole: int, *, times: float, limit: int) -> int:
    """Return the number of n-grams in a text so many times as long.

    Example:
        >>> _extrapolated(100, 150, times=4.0, limit=10_000)
        337
    """
    growth = min(max(whole / max(half, 1), 1.0), 2.0)
    return min(int(whole * math.pow(growth, math.log2(times))), max(limit, whole))
