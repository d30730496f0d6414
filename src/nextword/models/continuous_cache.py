"""The continuous cache: a neural model that also predicts words it has read in similar contexts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from nextword.base import NonNegativeFloat, PositiveInt, Probability, Values, require, settings
from nextword.models.contract import scored
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.models.token_window import NO_TOKEN
from nextword.models.wrapping import WrappingModel, inner_state, nested
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds

_MODEL, _KEYS, _IDS, _LAST = "model", "cache_keys", "cache_ids", "cache_last"
#: Number of steps whose similarities are computed at once, which bounds memory.
_BLOCK = 64


@settings("cache")
@dataclass(frozen=True, kw_only=True)
class ContinuousCacheConfig:
    """Settings of the continuous cache.

    Attributes:
        size: Number of past words in the cache.
        theta: Scale of the similarity of two hidden vectors; 0 makes all past words equal.
        weight: Share of the cache in the mixture with the model, from 0 to below 1.
    """

    size: PositiveInt = 2000
    theta: NonNegativeFloat = 0.3
    weight: Probability = 0.1

    def __post_init__(self) -> None:
        require(self.weight < 1.0, f"cache.weight is {self.weight}; it must be below 1.")


class _Reading(NamedTuple):
    """What the model computed for new tokens, and what the cache holds for each of them.

    Attributes:
        hidden: Hidden vectors of the new tokens, (batch, time, hidden_size).
        before: The model's own state before them.
        keys: Hidden vectors before each remembered word, (batch, size + time, hidden_size).
        ids: The remembered words, (batch, size + time); -1 where there is none.
        after: The state after them.
    """

    hidden: Hidden
    before: State
    keys: Float[Tensor, "batch places hidden"]
    ids: Int64[Tensor, "batch places"]
    after: State


class ContinuousCacheModel(WrappingModel):
    """A neural model mixed with a distribution over the words that it has read.

    The cache holds the last `size` pairs of a hidden vector h[i] and the word w[i+1] that followed
    it. The probability of w in the cache is proportional to the sum of exp(theta h[t] . h[i]) over
    the pairs whose word is w. Without any pair, the model predicts alone.

    Args:
        model: The neural model.
        config: Size of the cache, scale of the similarity, and share of the cache.

    Source: [grave2017], equations 2 and 3.
    """

    model: NeuralLanguageModel

    def __init__(self, model: NeuralLanguageModel, *, config: ContinuousCacheConfig) -> None:
        super().__init__(model)
        self.config = config

    @property
    def details(self) -> Values:
        """The model's own details, and the size of the cache."""
        return {**super().details, "cache_size": self.config.size}

    def fingerprint(self) -> str:
        """Return a hash of the model's fingerprint and the settings of the cache."""
        return hashlib.sha256(f"{self.model.fingerprint()} {self.config}".encode()).hexdigest()

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing: an empty cache."""
        before = self.model.initial_state(1)
        nothing = torch.zeros(1, 0, dtype=torch.int64, device=self.device)
        hidden, _ = self.model.hidden(nothing, before)
        size, width = self.config.size, hidden.shape[2]
        initial = {
            **nested(_MODEL, before.initial),
            _KEYS: hidden.new_zeros(size, width),
            _IDS: torch.full((size,), NO_TOKEN, dtype=torch.int64, device=self.device),
            _LAST: hidden.new_zeros(width),
        }
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def state_from_bytes(self, data: bytes) -> State:
        """Deserialize a state; see `LanguageModel.state_from_bytes`."""
        state = super().state_from_bytes(data)
        if state.batch_size:
            self._check_remembered(_IDS, state.tensors[_IDS])
        return state

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        return self._read(token_ids, state, lengths).after

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        reading = self._read(token_ids, state, lengths)
        log_probs = self.model.log_probs_from_hidden(
            reading.hidden, reading.before, token_ids=token_ids
        )
        cached = torch.zeros_like(log_probs)
        for steps, shares, ids in _shares(reading, self.config, never_ids=self.never_ids):
            places = ids.clamp(min=0)[:, None].expand_as(shares)
            cached[:, steps].scatter_add_(2, places, shares.to(cached.dtype))
        is_filled = cached.sum(dim=2, keepdim=True) > 0
        return _mixed(log_probs, cached, is_filled, weight=self.config.weight), reading.after

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihoods of the targets, in nats."""
        log_probs, cached, after = self.target_shares(
            token_ids, target_ids, state=state, lengths=lengths, thetas=(self.config.theta,)
        )
        is_filled = cached[..., 0] >= 0
        nll = -_mixed(log_probs, cached[..., 0].clamp(min=0), is_filled, weight=self.config.weight)
        counted = scored(target_ids, lengths, mask=mask)
        return torch.where(counted, nll, torch.zeros_like(nll)), after

    def target_shares(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        *,
        state: State,
        lengths: Lengths | None = None,
        thetas: tuple[float, ...],
    ) -> tuple[Float[Tensor, "batch time"], Float[Tensor, "batch time thetas"], State]:
        """Return both parts of the mixture for the targets, for several values of theta.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.
            thetas: Values of `cache.theta`.

        Returns:
            The model's log-probabilities of the targets, (batch, time), in nats; their
            probabilities in the cache, (batch, time, thetas), -1 where the cache is empty; and
            the state after reading.
        """
        self.check_targets(token_ids, target_ids)
        reading = self._read(token_ids, state, lengths)
        nll = self.model.nll_from_hidden(
            reading.hidden.flatten(0, 1),
            target_ids.flatten(),
            state=reading.before,
            token_ids=token_ids,
        ).view(target_ids.shape)
        cached = nll.new_zeros(*target_ids.shape, len(thetas))
        for number, theta in enumerate(thetas):
            config = replace(self.config, theta=theta)
            for steps, shares, ids in _shares(reading, config, never_ids=self.never_ids):
                hits = shares.masked_fill(ids[:, None] != target_ids[:, steps, None], 0.0)
                found = torch.where(shares.sum(dim=2) > 0, hits.sum(dim=2), -1.0)
                cached[:, steps, number] = found.to(cached.dtype)
        return -nll, cached, reading.after

    def _read(self, token_ids: TokenIds, state: State, lengths: Lengths | None) -> _Reading:
        self.check_inputs(token_ids, state, lengths=lengths)
        before = inner_state(state, _MODEL, fingerprint=self.model.fingerprint)
        hidden, after = self.model.hidden(token_ids, before, lengths=lengths)
        num_steps = token_ids.shape[1]
        # The word at step t followed the hidden vector of step t - 1; the first one follows none.
        vectors = torch.cat([state.tensors[_LAST][:, None], hidden], dim=1)
        new_ids = token_ids.clone()
        if num_steps:
            new_ids[:, 0] = new_ids[:, 0].masked_fill(state.num_tokens == 0, NO_TOKEN)
        keys = torch.cat([state.tensors[_KEYS], vectors[:, :num_steps]], dim=1)
        ids = torch.cat([state.tensors[_IDS], new_ids], dim=1)
        read = torch.full_like(state.num_tokens, num_steps) if lengths is None else lengths
        places = read[:, None] + torch.arange(self.config.size, device=keys.device)
        rows = torch.arange(len(keys), device=keys.device)
        tensors = {
            **nested(_MODEL, after.tensors),
            _KEYS: keys[rows[:, None], places],
            _IDS: ids.gather(1, places),
            _LAST: vectors[rows, read],
        }
        return _Reading(hidden, before, keys, ids, state.after(tensors, num_new_tokens=read))


def _shares(
    reading: _Reading, config: ContinuousCacheConfig, *, never_ids: tuple[int, ...]
) -> Iterator[tuple[slice, Float[Tensor, "batch steps places"], Int64[Tensor, "batch places"]]]:
    """Iterate over blocks of steps: the steps, the share of each remembered word, and the words.

    The shares of a step sum to one, or are all 0 if the cache is empty.
    """
    is_word = reading.ids != NO_TOKEN
    for never_id in never_ids:
        is_word &= reading.ids != never_id
    num_steps = reading.hidden.shape[1]
    for start in range(0, num_steps, _BLOCK):
        steps = slice(start, min(start + _BLOCK, num_steps))
        # Step t sees the `size` pairs that end with its own word, at index size + t.
        places = slice(start + 1, steps.stop + config.size)
        scores = config.theta * reading.hidden[:, steps] @ reading.keys[:, places].transpose(1, 2)
        unseen = ~(_band(scores, config.size) & is_word[:, None, places])
        scores = scores.masked_fill(unseen, -torch.inf)
        # A row of -inf has no softmax.
        shares = torch.softmax(scores, dim=2).masked_fill(unseen, 0.0)
        yield steps, shares, reading.ids[:, places]


def _band(scores: Tensor, size: int) -> Bool[Tensor, "steps places"]:
    """Return which places each step of a block sees: the `size` places from its own index on."""
    steps = torch.arange(scores.shape[1], device=scores.device)[:, None]
    places = torch.arange(scores.shape[2], device=scores.device)
    return (places >= steps) & (places < steps + size)


def _mixed(log_probs: Tensor, cached: Tensor, is_filled: Tensor, *, weight: float) -> Tensor:
    """Return log((1 - weight) p + weight c), or log p where the cache is empty."""
    if weight == 0.0:
        return log_probs
    kept = torch.log1p(torch.tensor(-weight, dtype=log_probs.dtype)).item()
    shares = torch.log(cached * weight)
    return torch.where(is_filled, torch.logaddexp(log_probs + kept, shares), log_probs)
