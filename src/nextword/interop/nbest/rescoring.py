"""Rescoring of n-best lists: scores, weights, the new ranking, and what it changes."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from nextword.base import ConfigError, DataError, Values, require
from nextword.interop.nbest.lists import Hypothesis, NbestLists
from nextword.interop.nbest.model_scores import Member, ModelScores, score_hypotheses
from nextword.interop.nbest.tuning import Features, Weights, tune_weights
from nextword.interop.nbest.word_errors import WordErrors
from nextword.tasks.metrics import BootstrapInterval


@dataclass(frozen=True, kw_only=True)
class Models:
    """The language models of a rescoring.

    Attributes:
        main: The model.
        other: A model that is interpolated with it, word by word.
        interpolation: Weight of the main model in the interpolation.
        low_order: A low-order model of the recognizer's training text, whose score is subtracted.
    """

    main: Member
    other: Member | None = None
    interpolation: float = 0.5
    low_order: Member | None = None

    def __post_init__(self) -> None:
        require(
            0.0 <= self.interpolation <= 1.0,
            f"the weight of the interpolation is {self.interpolation}; it must be from 0 to 1.",
        )


@dataclass(frozen=True, kw_only=True)
class RescoreReport:
    """What rescoring changes.

    Attributes:
        num_utterances: Number of utterances.
        num_hypotheses: Number of hypotheses.
        weights: The weights.
        is_tuned: Whether they were tuned on a development set.
        is_tuned_on_itself: Whether that set has the same lists, so that the gain is too high.
        num_tokens: Number of tokens of all hypotheses.
        num_computed: Number of tokens that the model computed: common beginnings once.
        unknown_rate: Share of the tokens outside the vocabulary.
        seconds: Duration of scoring.
        before: Word error rate of the best hypotheses by the recognizer; None without references.
        penalty_only: The same with the tuned penalty for words but without a language model; None
            without a development set.
        after: The same after rescoring.
        oracle: The same of the best hypotheses by the reference.
        gain: Fall of the word error rate from the better of `before` and `penalty_only` to
            `after`, with its paired bootstrap interval.
        has_gain: Whether that interval is above 0.
    """

    num_utterances: int
    num_hypotheses: int
    weights: Weights
    is_tuned: bool
    num_tokens: int
    num_computed: int
    unknown_rate: float
    seconds: float
    is_tuned_on_itself: bool = False
    before: float | None = None
    penalty_only: float | None = None
    after: float | None = None
    oracle: float | None = None
    gain: BootstrapInterval | None = None
    has_gain: bool | None = None

    def to_dict(self) -> Values:
        """Return the figures as JSON values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class RescoreResult:
    """Rescored n-best lists.

    Attributes:
        lists: The lists as they were.
        rankings: The hypotheses of each utterance with their total scores, best first.
        report: What changed.
    """

    lists: NbestLists
    rankings: list[list[tuple[Hypothesis, float]]]
    report: RescoreReport

    @property
    def best(self) -> dict[str, str]:
        """The best text of each utterance."""
        return {
            utterance.name: ranking[0][0].text
            for utterance, ranking in zip(self.lists.utterances, self.rankings, strict=True)
        }


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """Weights tuned on a development set.

    Attributes:
        weights: With the language model.
        penalty_only: Without it.
        lists: The n-best lists of the development set.
    """

    weights: Weights
    penalty_only: Weights
    lists: NbestLists


def tune(
    lists: NbestLists, models: Models, *, references: Mapping[str, str] | None = None
) -> Tuned:
    """Tune the weights on a development set.

    Args:
        lists: The n-best lists of the development set.
        models: The language models.
        references: Reference of each utterance; those of the lists when None.

    Raises:
        DataError: A reference is missing or has no hypotheses.
    """
    errors = WordErrors.of(lists, references)
    features, _ = _features(lists, models)
    return Tuned(
        weights=tune_weights(features, errors),
        penalty_only=tune_weights(features, errors, with_model=False),
        lists=lists,
    )


def rescore_lists(
    lists: NbestLists,
    models: Models,
    *,
    weights: Weights | Tuned,
    references: Mapping[str, str] | None = None,
) -> RescoreResult:
    """Rank the hypotheses of each utterance by their total scores.

    Args:
        lists: The n-best lists.
        models: The language models.
        weights: The weights, or the result of `tune`.
        references: Reference of each utterance; those of the lists, if they have any, when None.

    Raises:
        ConfigError: The weights are for another number of scores.
        DataError: A reference is missing or has no hypotheses, or the low-order model gives a
            hypothesis the probability 0.
    """
    started = time.perf_counter()
    features, scores = _features(lists, models)
    seconds = time.perf_counter() - started
    used = weights.weights if isinstance(weights, Tuned) else weights
    if not used.scores:
        used = replace(used, scores=features.neutral.scores)
    if len(used.scores) != features.num_scores:
        raise ConfigError(
            f"there are {features.num_scores} scores of the recognizer, but weights for "
            f"{len(used.scores)}.",
            help="The development set needs the same scores.",
        )
    report = RescoreReport(
        num_utterances=len(lists.utterances),
        num_hypotheses=lists.num_hypotheses,
        weights=used,
        is_tuned=isinstance(weights, Tuned),
        is_tuned_on_itself=_is_same(weights, lists),
        num_tokens=scores.num_tokens,
        num_computed=scores.num_computed,
        unknown_rate=scores.num_unknown / max(1, scores.num_tokens),
        seconds=seconds,
    )
    if references is not None or any(each.reference is not None for each in lists.utterances):
        penalty_only = weights.penalty_only if isinstance(weights, Tuned) else None
        errors = WordErrors.of(lists, references)
        report = _with_errors(report, features, errors, penalty_only=penalty_only)
    rankings = [
        [
            (utterance.hypotheses[index], float(totals[index]))
            for index in np.argsort(-totals, kind="stable")
        ]
        for utterance, totals in zip(lists.utterances, features.totals(used), strict=True)
    ]
    return RescoreResult(lists=lists, rankings=rankings, report=report)


def _is_same(weights: Weights | Tuned, lists: NbestLists) -> bool:
    return isinstance(weights, Tuned) and weights.lists.utterances == lists.utterances


def _with_errors(
    report: RescoreReport,
    features: Features,
    errors: WordErrors,
    *,
    penalty_only: Weights | None,
) -> RescoreReport:
    before, after = features.chosen(features.neutral), features.chosen(report.weights)
    baseline = before
    if penalty_only is not None:
        alone = features.chosen(penalty_only)
        baseline = min(before, alone, key=errors.rate)
        report = replace(report, penalty_only=errors.rate(alone))
    gain = errors.difference(baseline, after)
    return replace(
        report,
        before=errors.rate(before),
        after=errors.rate(after),
        oracle=errors.rate(errors.oracle()),
        gain=gain,
        has_gain=gain.low > 0.0,
    )


def _refuse_zero(lists: NbestLists, scores: ModelScores) -> None:
    """Raise a DataError if the low-order model gives a hypothesis the probability 0.

    Its logarithm is subtracted, so the hypothesis would win.
    """
    for utterance, log_probs in zip(lists.utterances, scores.log_probs, strict=True):
        if not np.isfinite(log_probs).all():
            raise DataError(
                f"the low-order model gives a hypothesis of utterance {utterance.name} the "
                "probability 0.",
                help="Use a smoothed model, such as one with Kneser-Ney smoothing.",
            )


def _features(lists: NbestLists, models: Models) -> tuple[Features, ModelScores]:
    main = score_hypotheses(lists, models.main, other=models.other, weight=models.interpolation)
    low = None if models.low_order is None else score_hypotheses(lists, models.low_order)
    if low is not None:
        _refuse_zero(lists, low)
    tables = []
    for number, utterance in enumerate(lists.utterances):
        columns = [np.array([each.scores for each in utterance.hypotheses])]
        columns[0] = columns[0].reshape(len(utterance.hypotheses), -1)
        words = np.array([float(len(each.text.split())) for each in utterance.hypotheses])
        low_scores = np.zeros(len(words)) if low is None else low.log_probs[number]
        columns.append(np.stack([main.log_probs[number], words, low_scores], axis=1))
        tables.append(np.concatenate(columns, axis=1))
    features = Features(
        tables=tables, num_scores=len(lists.score_names), has_low_order=low is not None
    )
    return features, main
