"""Rescoring the n-best lists of a recognizer with a language model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nextword.api.loading import load_language_model
from nextword.api.model import Model
from nextword.base import require, require_range
from nextword.interop.nbest import (
    Member,
    Models,
    NbestLists,
    RescoreResult,
    Tuned,
    Weights,
    read_nbest,
    read_references,
    require_new,
    rescore_lists,
    tune,
    write_nbest,
)

#: Far larger than any weight of use.
_LARGEST = 1e6

ModelName = str | Path | Model
Lists = str | Path | NbestLists
References = str | Path | Mapping[str, str]


def rescore(
    model: ModelName,
    nbest: Lists,
    *,
    scores: Sequence[str | Path] = (),
    references: References | None = None,
    dev: Lists | None = None,
    dev_scores: Sequence[str | Path] = (),
    dev_references: References | None = None,
    weight: float | None = None,
    penalty: float | None = None,
    low_order: ModelName | None = None,
    low_order_weight: float | None = None,
    interpolate: ModelName | None = None,
    interpolation: float = 0.5,
    format: str = "auto",
    is_cost: bool = False,
    out: str | Path | None = None,
    device: str = "cpu",
) -> RescoreResult:
    """Rank the hypotheses of n-best lists by the scores of a recognizer and a language model.

    The total score is that of the recognizer, plus `weight` times the log-probability in nats,
    minus `penalty` times the number of words, minus `low_order_weight` times the log-probability of
    a low-order model. The weights are given, or tuned on a development set.

    Args:
        model: The language model, or its path.
        nbest: The n-best lists, or their file or folder; see `nextword.interop.nbest.read_nbest`.
        scores: Files with the scores of `nbest`, for the format of Kaldi.
        references: What was said: a file, or texts by utterance. With them the word error rates are
            reported.
        dev: N-best lists of a development set, on which the weights are tuned.
        dev_scores: Files with the scores of `dev`.
        dev_references: References of `dev`.
        weight: Weight of the language model.
        penalty: Subtracted for each word; 0 when None.
        low_order: A low-order model of the recognizer's training text, such as a bigram model.
        low_order_weight: Weight of its score, which is subtracted.
        interpolate: A model whose probabilities of words are interpolated with those of `model`.
        interpolation: Weight of `model` in the interpolation.
        format: `kaldi`, `espnet`, `icefall`, `plain`, `jsonl`, or `auto`.
        is_cost: Whether lower scores of the recognizer are better.
        out: File or folder to write, in the format of `nbest`.
        device: Device of neural models.

    Returns:
        The new rankings, and a report.

    Raises:
        ConfigError: There is neither a weight nor a development set, or both; or a setting does not
            fit.
        DataError: A file is missing or malformed.
    """
    _check_weights(dev, weight=weight, penalty=penalty, low_order_weight=low_order_weight)
    require(
        low_order is not None or low_order_weight is None,
        "low_order_weight is set, but there is no low-order model.",
        help="Name one with low_order.",
    )
    require(
        low_order is None or dev is not None or low_order_weight is not None,
        "there is a low-order model without a weight.",
        help="Set low_order_weight, or name a development set.",
    )
    if out is not None:
        require_new(out)
    lists = _lists(nbest, scores, format=format, is_cost=is_cost)
    texts = _references(references)
    models = Models(
        main=_member(model, device),
        other=None if interpolate is None else _member(interpolate, device),
        interpolation=interpolation,
        low_order=None if low_order is None else _member(low_order, device),
    )
    weights: Weights | Tuned = Weights(
        weight=weight or 0.0, penalty=penalty or 0.0, low_order_weight=low_order_weight or 0.0
    )
    if dev is not None:
        dev_lists = _lists(dev, dev_scores, format=format, is_cost=is_cost)
        _check_scores(lists, dev_lists)
        weights = tune(dev_lists, models, references=_references(dev_references))
    elif lists.score_names:
        require(
            len(lists.score_names) == 1,
            f"there are {len(lists.score_names)} scores of the recognizer, whose weights need a "
            "development set.",
            help="Name it with dev, or pass one score.",
        )
    result = rescore_lists(lists, models, weights=weights, references=texts)
    if out is not None:
        write_nbest(out, lists, rankings=result.rankings)
    return result


def _check_weights(dev: Lists | None, **weights: float | None) -> None:
    require_range("weight", weights["weight"], low=0.0, high=_LARGEST)
    require_range("penalty", weights["penalty"], low=-_LARGEST, high=_LARGEST)
    require_range("low_order_weight", weights["low_order_weight"], low=0.0, high=_LARGEST)
    given = [name for name, value in weights.items() if value is not None]
    require(
        dev is None or not given,
        f"{', '.join(given)} is set, but the weights are tuned on a development set.",
        help="Leave it out, or leave the development set out.",
    )
    require(
        dev is not None or weights["weight"] is not None,
        "there is neither a weight of the language model nor a development set.",
        help="Set weight, such as 0.5, or name a development set that tunes it.",
    )


def _check_scores(lists: NbestLists, dev: NbestLists) -> None:
    """Raise a ConfigError if the lists have other scores than those of the development set."""
    is_named = lists.format == dev.format == "jsonl"
    require(
        len(lists.score_names) == len(dev.score_names)
        and (not is_named or lists.score_names == dev.score_names),
        f"the scores of {lists.source} are {', '.join(lists.score_names) or 'missing'}, those of "
        f"the development set {dev.source} are {', '.join(dev.score_names) or 'missing'}.",
        help="Both need the same scores.",
    )


def _lists(nbest: Lists, scores: Sequence[str | Path], *, format: str, is_cost: bool) -> NbestLists:
    if isinstance(nbest, NbestLists):
        return nbest
    return read_nbest(nbest, scores=scores, format=format, is_cost=is_cost)


def _references(references: References | None) -> Mapping[str, str] | None:
    return read_references(references) if isinstance(references, str | Path) else references


def _member(model: ModelName, device: str) -> Member:
    loaded = model if isinstance(model, Model) else load_language_model(model, device=device)
    return Member(model=loaded.language_model, tokenizer=loaded.tokenizer, name=str(loaded.path))
