"""Perplexity cards of adapting models."""

import time
from collections.abc import Callable

from nextword.base import encode
from nextword.evaluation.adaptation.cache_memory import named_cache_size
from nextword.evaluation.adaptation.dynamic import DynamicConfig, DynamicScorer
from nextword.evaluation.card import PerplexityCard
from nextword.evaluation.perplexity import (
    DEFAULT_BATCH_SIZE,
    card_of,
    evaluate_store,
    sum_windows,
    unit_starts_of,
)
from nextword.models import ContinuousCacheConfig, ContinuousCacheModel, NeuralLanguageModel
from nextword.tokens import Reset, Tokenizer, TokenStore


def evaluate_with_cache(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: ContinuousCacheConfig,
    tokenizer: Tokenizer,
    name: str,
    text: str,
    reset: Reset,
    batch_size: int = DEFAULT_BATCH_SIZE,
    chunk_length: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> PerplexityCard:
    """Score a text by a model with a continuous cache, and return the card.

    A reset of the state empties the cache.

    Args:
        model: The neural model.
        store: The text, encoded by `tokenizer`.
        config: Settings of the cache.
        tokenizer: The model's tokenizer.
        name: Name of the model on the card.
        text: Name of the text on the card.
        reset: Where the state is reset: `never`, `document` or `line`.
        batch_size: Number of units in a batch. Only the speed depends on it.
        chunk_length: Steps per forward call; chosen to bound memory when None.
        on_progress: Called with the number of targets scored so far.

    Raises:
        OutOfMemoryError: The cache is too large for memory.
    """
    cached = ContinuousCacheModel(model, config=config)
    with named_cache_size(config, reset=reset):
        sums = evaluate_store(
            cached,
            store,
            tokenizer=tokenizer,
            reset=reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
            on_progress=on_progress,
        )
    return card_of(
        sums,
        cached,
        store=store,
        tokenizer=tokenizer,
        name=name,
        text=text,
        reset=reset,
        adaptation="cache",
        adaptation_settings=encode(config),
    )


def evaluate_dynamic(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: DynamicConfig,
    tokenizer: Tokenizer,
    name: str,
    text: str,
    reset: Reset,
    on_progress: Callable[[int], None] | None = None,
) -> PerplexityCard:
    """Score a text by dynamic evaluation, and return the card.

    The text is read as one row, so nothing depends on a batch size. A reset concerns the state;
    the adapted weights stay.

    Args:
        model: The neural model, which does not change.
        store: The text, encoded by `tokenizer`.
        config: Settings of dynamic evaluation.
        tokenizer: The model's tokenizer.
        name: Name of the model on the card.
        text: Name of the text on the card.
        reset: Where the state is reset: `never`, `document` or `line`.
        on_progress: Called with the number of targets scored so far.
    """
    starts = unit_starts_of(model, store, tokenizer=tokenizer, reset=reset)
    started = time.perf_counter()
    windows = DynamicScorer(model, config=config).score(store.ids, unit_starts=starts)
    sums = sum_windows(windows, store, started=started, on_progress=on_progress)
    return card_of(
        sums,
        model,
        store=store,
        tokenizer=tokenizer,
        name=name,
        text=text,
        reset=reset,
        adaptation="dynamic",
        adaptation_settings=encode(config),
    )
