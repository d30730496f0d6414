"""Perplexity of a model on an encoded text, in total or per document or line.

Knows models, token stores and tokenizers. Knows nothing of files, and prints nothing.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int64

from nextword.base import ConfigError, DataError, MismatchError, Values, did_you_mean
from nextword.evaluation.card import ModelFacts, PerplexityCard, Sums, TextFacts, perplexity_card
from nextword.evaluation.scoring import ScoredWindow, score_units
from nextword.models import LanguageModel
from nextword.tokens import RESETS, Coverage, Reset, Tokenizer, TokenStore, coverage

_logger = logging.getLogger(__name__)

#: Large enough for efficient matrix products in the output layer. No figure depends on it.
DEFAULT_BATCH_SIZE = 32

_FINGERPRINT_DIGITS = 12


@dataclass(frozen=True, kw_only=True)
class UnitScore:
    """Summed scores of one unit between state resets: the whole text, a document or a line.

    Attributes:
        start: Position of its first token in the store.
        end: Position after its last token.
        num_unknown: Number of its tokens that are out-of-vocabulary.
        nll_sum: Negative log-likelihood of its tokens, in nats.
    """

    start: int
    end: int
    num_unknown: int
    nll_sum: float

    @property
    def num_tokens(self) -> int:
        """Number of tokens, the end of the unit included."""
        return self.end - self.start


def evaluate(
    model: LanguageModel,
    store: TokenStore,
    *,
    tokenizer: Tokenizer,
    name: str,
    text: str,
    reset: Reset,
    batch_size: int = DEFAULT_BATCH_SIZE,
    chunk_length: int | None = None,
    stride: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> PerplexityCard:
    """Score every token of a text and return the perplexity card.

    Args:
        model: The model.
        store: The text, encoded by `tokenizer`.
        tokenizer: The model's tokenizer.
        name: Name of the model on the card.
        text: Name of the text on the card.
        reset: Where the state is reset: `never`, `document` or `line`.
        batch_size: Number of units in a batch. Only the speed depends on it.
        chunk_length: Steps per forward call; chosen to bound memory when None. Only the speed
            depends on it.
        stride: Stride of the model's sliding window for the card, in tokens; None if it has none.
        on_progress: Called with the number of targets scored so far.

    Raises:
        ConfigError: batch_size or chunk_length is below 1.
        DataError: The text is empty.
        DivergedError: The model returns NaN.
        MismatchError: The model, the tokenizer and the store do not belong together.
    """
    sums = evaluate_store(
        model,
        store,
        tokenizer=tokenizer,
        reset=reset,
        batch_size=batch_size,
        chunk_length=chunk_length,
        on_progress=on_progress,
    )
    return card_of(
        sums,
        model,
        store=store,
        tokenizer=tokenizer,
        name=name,
        text=text,
        reset=reset,
        stride=stride,
    )


def card_of(
    sums: Sums,
    model: LanguageModel,
    *,
    store: TokenStore,
    tokenizer: Tokenizer,
    name: str,
    text: str,
    reset: Reset,
    stride: int | None = None,
    adaptation: str | None = None,
    adaptation_settings: Values | None = None,
) -> PerplexityCard:
    """Return the card of a model on a text, from the sums of its scores.

    Args:
        sums: Summed scores.
        model: The model.
        store: The encoded text.
        tokenizer: The model's tokenizer.
        name: Name of the model on the card.
        text: Name of the text on the card.
        reset: Where the state was reset.
        stride: Stride of the model's sliding window, in tokens; None if it has none.
        adaptation: `cache` or `dynamic` if the model adapted to the text; None if it did not.
        adaptation_settings: The settings of the adaptation.
    """
    model_facts = ModelFacts(
        model=name,
        family=model.family,
        num_parameters=model.num_parameters,
        reset=reset,
        stride=stride,
        adaptation=adaptation,
        adaptation_settings=adaptation_settings,
    )
    text_facts = TextFacts(
        text=text,
        tokenizer=describe_tokenizer(tokenizer),
        counts_words=tokenizer.counts_words,
        num_words=store.num_words,
        num_characters=store.num_characters,
        num_bytes=store.num_bytes,
        note=unknown_note(
            coverage(store, tokenizer=tokenizer), tokenizer=tokenizer, figure="perplexity"
        ),
        num_characters_lost=store.num_characters_lost,
    )
    if text_facts.note is not None:
        _logger.warning("%s on %s: %s", name, text, text_facts.note)
    return perplexity_card(sums, model=model_facts, text=text_facts)


def evaluate_store(
    model: LanguageModel,
    store: TokenStore,
    *,
    tokenizer: Tokenizer,
    reset: Reset,
    batch_size: int = DEFAULT_BATCH_SIZE,
    chunk_length: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Sums:
    """Score every token of a store once and return the sums, accumulated in float64.

    Args and errors are those of `evaluate`.
    """
    unit_starts = unit_starts_of(model, store, tokenizer=tokenizer, reset=reset)
    started = time.perf_counter()
    windows = score_units(
        model,
        store.ids,
        unit_starts=unit_starts,
        batch_size=batch_size,
        chunk_length=chunk_length,
    )
    return sum_windows(windows, store, started=started, on_progress=on_progress)


def sum_windows(
    windows: Iterable[ScoredWindow],
    store: TokenStore,
    *,
    started: float,
    on_progress: Callable[[int], None] | None = None,
) -> Sums:
    """Sum the scores of a text, accumulated in float64.

    Args:
        windows: The scores of every token.
        store: The encoded text.
        started: Result of `time.perf_counter` when scoring began, in seconds.
        on_progress: Called with the number of targets scored so far.
    """
    num_tokens = num_unknown = 0
    known_nll_sum = unknown_nll_sum = 0.0
    for window in windows:
        unknown = window.find(store.unknown_positions)
        known_nll_sum += float(window.nll[~unknown].sum())
        unknown_nll_sum += float(window.nll[unknown].sum())
        num_unknown += int(unknown.sum())
        num_tokens += window.num_targets
        if on_progress is not None:
            on_progress(num_tokens)
    return Sums(
        num_tokens=num_tokens,
        num_unknown=num_unknown,
        known_nll_sum=known_nll_sum,
        unknown_nll_sum=unknown_nll_sum,
        seconds=time.perf_counter() - started,
    )


def unit_scores(
    model: LanguageModel,
    store: TokenStore,
    *,
    tokenizer: Tokenizer,
    reset: Reset = "line",
    batch_size: int = DEFAULT_BATCH_SIZE,
    chunk_length: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[UnitScore]:
    """Iterate over the summed scores of every unit, in the order of the text.

    Args and errors are those of `evaluate`. Units are scored longest first, so the first result is
    available only after all units have been scored.
    """
    unit_starts = unit_starts_of(model, store, tokenizer=tokenizer, reset=reset)
    nll_sums = np.zeros(len(unit_starts) - 1)
    num_tokens = 0
    for window in score_units(
        model,
        store.ids,
        unit_starts=unit_starts,
        batch_size=batch_size,
        chunk_length=chunk_length,
    ):
        add_by_unit(nll_sums, window, unit_starts=unit_starts)
        num_tokens += window.num_targets
        if on_progress is not None:
            on_progress(num_tokens)
    num_unknown = np.diff(np.searchsorted(store.unknown_positions, unit_starts))
    for unit, nll_sum in enumerate(nll_sums):
        yield UnitScore(
            start=int(unit_starts[unit]),
            end=int(unit_starts[unit + 1]),
            num_unknown=int(num_unknown[unit]),
            nll_sum=float(nll_sum),
        )


def add_by_unit(
    nll_sums: np.ndarray, window: ScoredWindow, *, unit_starts: Int64[np.ndarray, " units_plus_one"]
) -> None:
    """Add the scores of a window to the sums of their units, in place.

    Args:
        nll_sums: Negative log-likelihood of each unit so far, (units), in nats.
        window: Scores of a window.
        unit_starts: Position of each unit's first token, and the end of the last, (units + 1).
    """
    units = np.searchsorted(unit_starts, window.positions, side="right") - 1
    np.add.at(nll_sums, units, window.nll.sum(axis=1))


def resolve_reset(name: str) -> Reset:
    """Return a reset mode by its name: `never`, `document` or `line`.

    Raises:
        ConfigError: There is no such mode; the error suggests the nearest one.

    Example:
        >>> resolve_reset("line")
        'line'
    """
    for reset in RESETS:
        if reset == name:
            return reset
    raise ConfigError(f"reset is {name!r}.", help=did_you_mean(name, RESETS))


def describe_tokenizer(tokenizer: Tokenizer) -> str:
    """Return a tokenizer's kind, vocabulary size and fingerprint as a short string, for the card.

    A word tokenizer is `closed` if `<unk>` is an ordinary word of its text, otherwise `open`.
    """
    return f"{tokenizer.description} {tokenizer.fingerprint[:_FINGERPRINT_DIGITS]}"


def unknown_note(
    found: Coverage, *, tokenizer: Tokenizer, figure: Literal["perplexity", "scores"]
) -> str | None:
    """Return a warning if most of a text is out-of-vocabulary, else None.

    Args:
        found: Counts of the text.
        tokenizer: The tokenizer that encoded it.
        figure: What the model measured on it.
    """
    if not found.is_mostly_unknown:
        return None
    units = "words" if tokenizer.is_word_level else "tokens"
    verb = "measures" if figure == "perplexity" else "measure"
    return (
        f"{100 * found.unknown_share:.0f} % of the {units} (line ends excluded) are unknown to "
        f"this model; the {figure} {verb} how well it predicts <unk>, not the text"
    )


def unit_starts_of(
    model: LanguageModel, store: TokenStore, *, tokenizer: Tokenizer, reset: Reset
) -> Int64[np.ndarray, " units_plus_one"]:
    """Return where each unit starts, after checking that model, tokenizer and text fit.

    Args:
        model: The model.
        store: The encoded text.
        tokenizer: The model's tokenizer.
        reset: Where the state is reset: `never`, `document` or `line`.

    Returns:
        Position of each unit's first token, and the end of the last, (units + 1).

    Raises:
        ConfigError: `reset` is unknown.
        DataError: The text is empty.
        MismatchError: The model, the tokenizer and the store do not belong together.
    """
    if (tokenizer.vocab_size, tokenizer.boundary_id) != (model.vocab_size, model.boundary_id):
        raise MismatchError(
            f"the tokenizer has {tokenizer.vocab_size} tokens and boundary id "
            f"{tokenizer.boundary_id}; the model has {model.vocab_size} and {model.boundary_id}.",
            help="Use the tokenizer the model was trained with.",
        )
    if store.fingerprint != tokenizer.fingerprint:
        raise MismatchError(
            f"the text was encoded by tokenizer {store.fingerprint[:_FINGERPRINT_DIGITS]}, not by "
            f"the model's, {tokenizer.fingerprint[:_FINGERPRINT_DIGITS]}.",
            help="Encode the text again with the model's tokenizer.",
        )
    if store.num_tokens == 0:
        raise DataError("the text has no tokens to score.", help="Give a text that is not empty.")
    return store.unit_starts(resolve_reset(reset), tokenizer.line_end_ids)
