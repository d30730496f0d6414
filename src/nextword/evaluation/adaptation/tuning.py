"""Settings of the cache and of dynamic evaluation that fit a text set aside for tuning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float64

from nextword.base import DivergedError
from nextword.batches import Batch
from nextword.evaluation.adaptation.dynamic import DynamicConfig, DynamicScorer
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE, unit_starts_of
from nextword.evaluation.scoring import read_units
from nextword.models import (
    ContinuousCacheConfig,
    ContinuousCacheModel,
    NeuralLanguageModel,
    State,
)
from nextword.tokens import Reset, Tokenizer, TokenStore

#: Values of `cache.theta` and `cache.weight` that are compared.
THETAS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
WEIGHTS = (0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
#: Learning rates of each rule, and decays, that are compared.
RATES = {"rms": (1e-4, 3e-4, 1e-3, 3e-3), "sgd": (0.1, 0.3, 1.0, 3.0)}
DECAYS = (1e-3, 1e-2, 1e-1)
#: Number of tokens at the start of the text that dynamic evaluation is tuned on.
DYNAMIC_TOKENS = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedCache:
    """The settings of the cache that fit a text best.

    Attributes:
        config: The settings.
        nll_per_token: Mean negative log-likelihood in nats for each pair of theta and weight,
            (thetas, weights).
        thetas: The compared values of `cache.theta`.
        weights: The compared values of `cache.weight`.
    """

    config: ContinuousCacheConfig
    nll_per_token: Float64[np.ndarray, "thetas weights"]
    thetas: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TunedDynamic:
    """The settings of dynamic evaluation that fit a text best.

    Attributes:
        config: The settings.
        trials: Compared settings, each with the mean negative log-likelihood in nats.
    """

    config: DynamicConfig
    trials: tuple[tuple[DynamicConfig, float], ...]


def tune_cache(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: ContinuousCacheConfig,
    tokenizer: Tokenizer,
    reset: Reset = "never",
    thetas: Sequence[float] = THETAS,
    weights: Sequence[float] = WEIGHTS,
    batch_size: int = DEFAULT_BATCH_SIZE,
    on_progress: Callable[[int], None] | None = None,
) -> TunedCache:
    """Choose theta and weight of the cache on a text, in one pass over it.

    Args:
        model: The neural model.
        store: The text, encoded by `tokenizer`; not the text that is evaluated afterwards.
        config: Settings whose theta and weight are replaced.
        tokenizer: The model's tokenizer.
        reset: Where the state is reset: `never`, `document` or `line`.
        thetas: Values of theta to compare.
        weights: Values of the weight to compare.
        batch_size: Number of units in a batch. Only the speed depends on it.
        on_progress: Called with the number of targets read so far.
    """
    cached = ContinuousCacheModel(model, config=config)
    step = partial(_grid, cached, tuple(thetas), tuple(weights))
    total, num_done = np.zeros((len(thetas), len(weights))), 0
    for batch, sums in read_units(
        cached,
        store.ids,
        unit_starts=unit_starts_of(model, store, tokenizer=tokenizer, reset=reset),
        batch_size=batch_size,
        step=step,
    ):
        total += sums
        num_done += batch.num_targets
        if on_progress is not None:
            on_progress(num_done)
    best_theta, best_weight = np.unravel_index(int(np.argmin(total)), total.shape)
    return TunedCache(
        config=replace(config, theta=thetas[int(best_theta)], weight=weights[int(best_weight)]),
        nll_per_token=total / store.num_tokens,
        thetas=tuple(thetas),
        weights=tuple(weights),
    )


def _grid(
    cached: ContinuousCacheModel,
    thetas: tuple[float, ...],
    weights: tuple[float, ...],
    batch: Batch,
    state: State,
) -> tuple[Float64[np.ndarray, "thetas weights"], State]:
    """Return the summed negative log-likelihood of a window for each theta and weight."""
    log_probs, found, after = cached.target_shares(
        batch.token_ids, batch.target_ids, state=state, lengths=batch.lengths, thetas=thetas
    )
    mask = batch.mask()
    plain = log_probs[mask].double().exp()[:, None, None]
    shares = found[mask].double()[:, :, None]
    lam = torch.tensor(weights, dtype=torch.float64, device=shares.device)
    mixed = torch.where(shares < 0, plain, (1 - lam) * plain + lam * shares.clamp(min=0))
    return -mixed.log().sum(dim=0).cpu().numpy(), after


def tune_dynamic(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: DynamicConfig,
    tokenizer: Tokenizer,
    reset: Reset = "never",
    num_tokens: int = DYNAMIC_TOKENS,
    on_progress: Callable[[int], None] | None = None,
) -> TunedDynamic:
    """Choose learning rate and decay of dynamic evaluation on the first tokens of a text.

    First the learning rate is chosen with the decay of `config`, then the decay.

    Args:
        model: The neural model, which does not change.
        store: The text, encoded by `tokenizer`; not the text that is evaluated afterwards.
        config: Settings whose learning rate and decay are replaced.
        tokenizer: The model's tokenizer.
        reset: Where the state is reset: `never`, `document` or `line`.
        num_tokens: Number of tokens of the text that are read.
        on_progress: Called with the number of targets read so far, in all trials together.
    """
    starts = unit_starts_of(model, store, tokenizer=tokenizer, reset=reset)
    limit = min(num_tokens, store.num_tokens)
    starts = np.append(starts[starts < limit], limit)
    trials: list[tuple[DynamicConfig, float]] = []

    def attempt(trial: DynamicConfig) -> None:
        total = 0.0
        try:
            scorer = DynamicScorer(model, config=trial)
            for window in scorer.score(store.ids[:limit], unit_starts=starts):
                total += float(window.nll.sum())
        except DivergedError:
            total = float("inf")
        trials.append((trial, total / limit))
        if on_progress is not None:
            on_progress(len(trials) * limit)

    for rate in RATES[config.rule]:
        attempt(replace(config, learning_rate=rate))
    best = min(trials, key=lambda trial: trial[1])[0]
    for decay in DECAYS:
        if decay != best.decay:
            attempt(replace(best, decay=decay))
    return TunedDynamic(config=min(trials, key=lambda trial: trial[1])[0], trials=tuple(trials))
