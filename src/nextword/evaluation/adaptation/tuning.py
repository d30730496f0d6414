"""Settings of the cache and of dynamic evaluation that fit a text set aside for tuning."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float64, Int64, Integer

from nextword.base import DivergedError, perplexity
from nextword.batches import Batch
from nextword.evaluation.adaptation.cache_memory import named_cache_size
from nextword.evaluation.adaptation.dynamic import DynamicConfig, DynamicScorer
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE, unit_starts_of
from nextword.evaluation.scoring import read_units, score_units
from nextword.models import (
    ContinuousCacheConfig,
    ContinuousCacheModel,
    NeuralLanguageModel,
    State,
)
from nextword.tokens import Reset, Tokenizer, TokenStore

#: Values of `cache.theta` and `cache.weight` that are compared. Hidden vectors after a layer
#: normalization are long, and need a small theta.
THETAS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
WEIGHTS = (0.001, 0.003, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
#: Learning rates of each rule in increasing order; the search starts in the middle. Transformers
#: need smaller ones than recurrent networks.
RATES = {
    "rms": (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3),
    "sgd": (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0),
}
#: Values of `dynamic.decay` that are compared.
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
        plain_nll_per_token: That of the model without a cache, on the same tokens.
        thetas: The compared values of `cache.theta`.
        weights: The compared values of `cache.weight`.
    """

    config: ContinuousCacheConfig
    nll_per_token: Float64[np.ndarray, "thetas weights"]
    plain_nll_per_token: float
    thetas: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def best_nll_per_token(self) -> float:
        """Mean negative log-likelihood with the chosen settings, in nats."""
        return float(self.nll_per_token.min())


@dataclass(frozen=True, kw_only=True)
class TunedDynamic:
    """The settings of dynamic evaluation that fit a text best.

    Attributes:
        config: The settings.
        trials: Compared settings, each with the mean negative log-likelihood in nats; infinite if
            the weights diverged.
        plain_nll_per_token: That of the model whose weights do not change, on the same tokens.
    """

    config: DynamicConfig
    trials: tuple[tuple[DynamicConfig, float], ...]
    plain_nll_per_token: float

    @property
    def best_nll_per_token(self) -> float:
        """Mean negative log-likelihood with the chosen settings, in nats."""
        return min(nll for _, nll in self.trials)


def no_gain_note(tuned: TunedCache | TunedDynamic, *, text: str) -> str | None:
    """Return a warning if the best settings are no better than no adaptation.

    Args:
        tuned: The result of tuning.
        text: Name of the text that was tuned on.

    Returns:
        The warning; None if the best settings are better.
    """
    best, plain = tuned.best_nll_per_token, tuned.plain_nll_per_token
    if best < plain:
        return None
    what = "the cache" if isinstance(tuned, TunedCache) else "dynamic evaluation"
    return (
        f"no compared setting of {what} is better than the model without it on the tuning text "
        f"{text}: perplexity {perplexity(best, 1):,.2f} at best, {perplexity(plain, 1):,.2f} "
        "without"
    )


def tune_cache(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: ContinuousCacheConfig,
    tokenizer: Tokenizer,
    reset: Reset = "never",
    thetas: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
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
        thetas: Values of theta to compare; `THETAS` when None.
        weights: Values of the weight to compare; `WEIGHTS` when None.
        batch_size: Number of units in a batch. Only the speed depends on it.
        on_progress: Called with the number of targets read so far.

    Raises:
        OutOfMemoryError: The cache is too large for memory.
    """
    thetas = THETAS if thetas is None else tuple(thetas)
    weights = WEIGHTS if weights is None else tuple(weights)
    cached = ContinuousCacheModel(model, config=config)
    step = partial(_grid, cached, thetas, weights)
    total, plain_total, num_done = np.zeros((len(thetas), len(weights))), 0.0, 0
    with named_cache_size(config, reset=reset):
        for batch, (sums, plain) in read_units(
            cached,
            store.ids,
            unit_starts=unit_starts_of(model, store, tokenizer=tokenizer, reset=reset),
            batch_size=batch_size,
            step=step,
        ):
            total += sums
            plain_total += plain
            num_done += batch.num_targets
            if on_progress is not None:
                on_progress(num_done)
    best_theta, best_weight = np.unravel_index(int(np.argmin(total)), total.shape)
    return TunedCache(
        config=replace(config, theta=thetas[int(best_theta)], weight=weights[int(best_weight)]),
        nll_per_token=total / store.num_tokens,
        plain_nll_per_token=plain_total / store.num_tokens,
        thetas=thetas,
        weights=weights,
    )


def _grid(
    cached: ContinuousCacheModel,
    thetas: tuple[float, ...],
    weights: tuple[float, ...],
    batch: Batch,
    state: State,
) -> tuple[tuple[Float64[np.ndarray, "thetas weights"], float], State]:
    """Return the summed negative log-likelihood of a window for each theta and weight.

    The second value is that of the model without a cache, the third the state after the window.
    """
    log_probs, found, after = cached.target_shares(
        batch.token_ids, batch.target_ids, state=state, lengths=batch.lengths, thetas=thetas
    )
    mask = batch.mask()
    plain = log_probs[mask].double().exp()[:, None, None]
    shares = found[mask].double()[:, :, None]
    lam = torch.tensor(weights, dtype=torch.float64, device=shares.device)
    mixed = torch.where(shares < 0, plain, (1 - lam) * plain + lam * shares.clamp(min=0))
    sums = -mixed.log().sum(dim=0).cpu().numpy()
    return (sums, -float(log_probs[mask].double().sum())), after


def tune_dynamic(
    model: NeuralLanguageModel,
    store: TokenStore,
    *,
    config: DynamicConfig,
    tokenizer: Tokenizer,
    reset: Reset = "never",
    rates: Sequence[float] | None = None,
    decays: Sequence[float] | None = None,
    num_tokens: int = DYNAMIC_TOKENS,
    on_progress: Callable[[int], None] | None = None,
) -> TunedDynamic:
    """Choose learning rate and decay of dynamic evaluation on the first tokens of a text.

    First the learning rate is chosen with the decay of `config`, then the decay. The search for
    the learning rate starts in the middle of `rates`, and goes down, or else up, as long as the
    text becomes more probable. A trial that diverges is worse than all others.

    Args:
        model: The neural model, which does not change.
        store: The text, encoded by `tokenizer`; not the text that is evaluated afterwards.
        config: Settings whose learning rate and decay are replaced.
        tokenizer: The model's tokenizer.
        reset: Where the state is reset: `never`, `document` or `line`.
        rates: Learning rates to compare, in increasing order; those of `RATES` for the rule when
            None.
        decays: Decays to compare with that of `config`; `DECAYS` when None.
        num_tokens: Number of tokens of the text that are read.
        on_progress: Called with the number of targets read so far, in all trials together.
    """
    starts = unit_starts_of(model, store, tokenizer=tokenizer, reset=reset)
    limit = min(num_tokens, store.num_tokens)
    starts = np.append(starts[starts < limit], limit)
    trials: list[tuple[DynamicConfig, float]] = []

    def attempt(trial: DynamicConfig) -> float:
        nll = _dynamic_nll(model, store.ids[:limit], config=trial, unit_starts=starts) / limit
        trials.append((trial, nll))
        if on_progress is not None:
            on_progress(len(trials) * limit)
        return nll

    _climb(
        RATES[config.rule] if rates is None else rates,
        lambda rate: attempt(replace(config, learning_rate=rate)),
    )
    best = min(trials, key=lambda trial: trial[1])[0]
    for decay in DECAYS if decays is None else decays:
        if decay != best.decay:
            attempt(replace(best, decay=decay))
    windows = score_units(
        model, store.ids[:limit], unit_starts=starts, batch_size=DEFAULT_BATCH_SIZE
    )
    return TunedDynamic(
        config=min(trials, key=lambda trial: trial[1])[0],
        trials=tuple(trials),
        plain_nll_per_token=sum(float(window.nll.sum()) for window in windows) / limit,
    )


def _dynamic_nll(
    model: NeuralLanguageModel,
    token_ids: Integer[np.ndarray, " tokens"],
    *,
    config: DynamicConfig,
    unit_starts: Int64[np.ndarray, " units_plus_one"],
) -> float:
    """Return the summed negative log-likelihood of a text in nats; infinite if it diverges."""
    total = 0.0
    try:
        for window in DynamicScorer(model, config=config).score(token_ids, unit_starts=unit_starts):
            total += float(window.nll.sum())
    except DivergedError:
        return math.inf
    return total


def _climb(values: Sequence[float], loss: Callable[[float], float]) -> None:
    """Call a function from the middle value on downwards, or else upwards, until it increases."""
    middle = len(values) // 2
    first = lowest = loss(values[middle])
    for value in reversed(values[:middle]):
        found = loss(value)
        if found > lowest:
            break
        lowest = found
    if lowest < first:
        return
    for value in values[middle + 1 :]:
        found = loss(value)
        if found >= lowest:
            break
        lowest = found
