"""Tuning a mixture on an encoded text. Knows models and token stores; nothing of files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.base import ConfigError, require
from nextword.batches import Batch
from nextword.evaluation.mixing.em import fit_linear
from nextword.evaluation.mixing.newton import Statistics, fit_log_linear
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE, unit_starts_of
from nextword.evaluation.scoring import read_units
from nextword.families import MixtureLanguageModel, MixtureMethod, ngram_of
from nextword.models import LanguageModel, State
from nextword.tokens import Reset, Tokenizer, TokenStore

#: Steps per window of a pass for derivatives, which holds several distributions of each member.
_CHUNK_LENGTH = 64

Weights = Float64[np.ndarray, "buckets members"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedMixture:
    """A mixture with weights that fit a held-out text.

    Attributes:
        model: The mixture.
        log_likelihoods: Log-likelihood before the first and after every iteration, in nats, of the
            targets that are not excluded.
        member_log_likelihoods: Log-likelihood of the text by each member alone, in nats.
        bucket_counts: Number of targets of the text in each bucket.
        num_tokens: Number of targets of the text.
        num_excluded: Number of targets to which every member gives probability 0. With one or more,
            the log-likelihood of the whole text is -infinity for all weights.
    """

    model: MixtureLanguageModel
    log_likelihoods: tuple[float, ...]
    member_log_likelihoods: tuple[float, ...]
    bucket_counts: tuple[int, ...]
    num_tokens: int
    num_excluded: int


def tune_mixture(
    members: Sequence[LanguageModel],
    store: TokenStore,
    *,
    tokenizer: Tokenizer,
    method: MixtureMethod = "linear",
    num_buckets: int = 1,
    reset: Reset = "never",
    batch_size: int = DEFAULT_BATCH_SIZE,
    on_progress: Callable[[int], None] | None = None,
) -> TunedMixture:
    """Mix models with the weights that make a held-out text most probable.

    Args:
        members: At least two models with the same vocabulary.
        store: The held-out text, encoded by `tokenizer`.
        tokenizer: The tokenizer of all models.
        method: `linear` (weights by expectation maximization) or `log-linear` (by Newton's
            method).
        num_buckets: Number of rows of weights. Above 1, the length of the longest context that
            the first n-gram model knows chooses the row.
        reset: Where the state is reset: `never`, `document` or `line`.
        batch_size: Number of units in a batch. Only the speed depends on it.
        on_progress: Called with the number of targets read so far; from 0 in every pass.

    Raises:
        ConfigError: There are buckets but no n-gram model, or its contexts are too short.
        DataError: The text is empty, or has probability 0 under every log-linear mixture.
        MismatchError: The models, the tokenizer and the text do not belong together.
    """
    _check_buckets(members, num_buckets)
    equal = np.full((num_buckets, len(members)), 1.0 / len(members))
    start = MixtureLanguageModel(members, weights=equal.tolist())
    starts = unit_starts_of(start, store, tokenizer=tokenizer, reset=reset)
    reading = _Reading(store, starts, batch_size, on_progress)
    log_probs, buckets = _target_log_probs(start, reading)
    num_excluded = 0
    if method == "linear":
        linear = fit_linear(log_probs, buckets, num_buckets=num_buckets)
        weights, trace = linear.weights, linear.log_likelihoods
        num_excluded = linear.num_excluded
    else:
        fit = fit_log_linear(
            partial(_statistics, members, reading),
            num_buckets=num_buckets,
            num_members=len(members),
        )
        weights, trace = fit.weights, fit.log_likelihoods
    return TunedMixture(
        model=MixtureLanguageModel(members, method=method, weights=weights.tolist()).eval(),
        log_likelihoods=trace,
        member_log_likelihoods=tuple(log_probs.sum(axis=0).tolist()),
        bucket_counts=tuple(np.bincount(buckets, minlength=num_buckets).tolist()),
        num_tokens=len(log_probs),
        num_excluded=num_excluded,
    )


@dataclass(frozen=True)
class _Reading:
    """The held-out text, and how it is read."""

    store: TokenStore
    unit_starts: Int64[np.ndarray, " units_plus_one"]
    batch_size: int
    on_progress: Callable[[int], None] | None

    def report(self, num_done: int) -> None:
        if self.on_progress is not None:
            self.on_progress(num_done)


def _target_log_probs(
    mixture: MixtureLanguageModel, reading: _Reading
) -> tuple[Float64[np.ndarray, "targets members"], Int64[np.ndarray, " targets"]]:
    """Return the log-probability of each target by each member, and its bucket."""
    num_tokens = reading.store.num_tokens
    log_probs = np.zeros((num_tokens, len(mixture.members)))
    buckets = np.zeros(num_tokens, dtype=np.int64)
    num_done = 0

    def step(batch: Batch, state: State) -> tuple[tuple[Tensor, Tensor], State]:
        scores, after = mixture.member_nll(
            batch.token_ids, batch.target_ids, state=state, lengths=batch.lengths
        )
        return (scores.log_probs, scores.buckets), after

    for batch, (scores, rows) in read_units(
        mixture,
        reading.store.ids,
        unit_starts=reading.unit_starts,
        batch_size=reading.batch_size,
        step=step,
    ):
        mask = batch.mask()
        places = (batch.positions[:, None] + torch.arange(mask.shape[1]))[mask].numpy()
        log_probs[places] = scores.cpu().double()[:, mask].T.numpy()
        buckets[places] = rows.cpu()[mask].numpy()
        num_done += batch.num_targets
        reading.report(num_done)
    return log_probs, buckets


def _statistics(
    members: Sequence[LanguageModel], reading: _Reading, weights: Weights
) -> Statistics:
    """Return the log-likelihood of the text under a log-linear mixture, and its derivatives."""
    mixture = MixtureLanguageModel(members, method="log-linear", weights=weights.tolist())
    num_buckets, num_members = weights.shape
    counts, values = np.zeros(num_buckets), np.zeros(num_buckets)
    gradients = np.zeros((num_buckets, num_members))
    curvatures = np.zeros((num_buckets, num_members, num_members))
    num_done = 0
    for batch, found in read_units(
        mixture,
        reading.store.ids,
        unit_starts=reading.unit_starts,
        batch_size=reading.batch_size,
        chunk_length=_CHUNK_LENGTH,
        step=partial(_derivatives, mixture),
    ):
        rows, value, gradient, curvature = (each.cpu().numpy() for each in found)
        np.add.at(counts, rows, 1.0)
        np.add.at(values, rows, value)
        np.add.at(gradients, rows, gradient)
        np.add.at(curvatures, rows, curvature)
        num_done += batch.num_targets
        reading.report(num_done)
    return Statistics(counts=counts, values=values, gradients=gradients, curvatures=curvatures)


def _derivatives(
    mixture: MixtureLanguageModel, batch: Batch, state: State
) -> tuple[tuple[Tensor, ...], State]:
    """Return bucket, log-probability, gradient and curvature of each valid target, in float64."""
    scores, after = mixture.member_log_probs(batch.token_ids, state, lengths=batch.lengths)
    mixed = mixture.mixed(scores)
    mask = batch.mask()
    targets = batch.target_ids[mask][:, None]
    shares = mixed[mask].exp()  # (targets, vocab)
    logs = scores.log_probs[:, mask]  # (members, targets, vocab)
    at_target = logs.gather(2, targets.expand(len(logs), -1, 1)).squeeze(2)
    # What has no share adds nothing, even where its logarithm is -inf.
    logs = logs.masked_fill(shares == 0, 0.0)
    means = torch.einsum("tv,mtv->tm", shares, logs)
    centred = (logs - means.T[:, :, None]).masked_fill(shares == 0, 0.0)
    curvature = torch.einsum("mtv,ntv->tmn", shares * centred, centred)
    value = mixed[mask].gather(1, targets).squeeze(1)
    found = (scores.buckets[mask], value.double(), (at_target.T - means).double())
    return (*found, curvature.double()), after


def _check_buckets(members: Sequence[LanguageModel], num_buckets: int) -> None:
    if num_buckets == 1:
        return
    require(num_buckets > 0, f"{num_buckets} buckets are asked for; at least 1 is needed.")
    order = next((each.order for each in map(ngram_of, members) if each is not None), None)
    if order is None:
        raise ConfigError(
            f"{num_buckets} buckets are asked for, but none of the models is an n-gram model, "
            "whose known contexts choose the bucket.",
            help="Leave --buckets out, or add an n-gram model.",
        )
    require(
        num_buckets < order,
        f"{num_buckets} buckets are asked for, but the contexts of the {order}-gram model have at "
        f"most {order - 1} tokens.",
        help=f"Ask for at most {max(1, order - 1)} buckets.",
    )
