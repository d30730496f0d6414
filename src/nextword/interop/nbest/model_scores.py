"""Scores of the hypotheses by a language model, alone or interpolated with another one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from nextword.base import ConfigError, DataError
from nextword.evaluation import shared_prefix_log_probs
from nextword.interop.nbest.lists import NbestLists, Utterance
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

#: Hypotheses that are scored together; only memory and speed depend on it.
_GROUP_SIZE = 256


@dataclass(frozen=True, kw_only=True)
class Member:
    """A language model with its tokenizer.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        name: Its name in messages.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    name: str


@dataclass(frozen=True, kw_only=True)
class ModelScores:
    """Scores of all hypotheses.

    Attributes:
        log_probs: Log-probability of each hypothesis with its end, in nats, by utterance.
        num_tokens: Number of tokens of all hypotheses.
        num_computed: Number of tokens that were computed: common beginnings once.
        num_unknown: Number of tokens outside the vocabulary.
    """

    log_probs: list[Float64[np.ndarray, " _hypotheses"]]
    num_tokens: int
    num_computed: int
    num_unknown: int


def score_hypotheses(
    lists: NbestLists,
    member: Member,
    *,
    other: Member | None = None,
    weight: float = 0.5,
) -> ModelScores:
    """Return the log-probability of every hypothesis, its end included.

    Args:
        lists: The hypotheses.
        member: The model.
        other: A model whose probabilities of words are interpolated with those of the first.
        weight: Weight of the first model in the interpolation.

    Raises:
        ConfigError: One of two models reads lines backward.
        DataError: A hypothesis contains a reserved symbol.
        DivergedError: A model returns NaN.
    """
    if other is not None and (member.tokenizer.is_backward or other.tokenizer.is_backward):
        raise ConfigError(
            "models that read lines backward cannot be interpolated word by word.",
            help="Leave the interpolation out.",
        )
    log_probs: list[Float64[np.ndarray, " _hypotheses"]] = []
    num_tokens = num_computed = num_unknown = 0
    for group in _groups(lists.utterances):
        first = _Scored.of(group, member)
        num_tokens += first.num_tokens
        num_computed += first.num_computed
        num_unknown += first.num_unknown
        sums = [float(row.sum()) for row in first.rows]
        if other is not None:
            second = _Scored.of(group, other)
            sums = [
                _mixed(*pair, weight) for pair in zip(first.words(), second.words(), strict=True)
            ]
        ends = np.cumsum([len(utterance.hypotheses) for utterance in group])
        log_probs += np.split(np.array(sums), ends[:-1])
    return ModelScores(
        log_probs=log_probs,
        num_tokens=num_tokens,
        num_computed=num_computed,
        num_unknown=num_unknown,
    )


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """The tokens of the hypotheses of a group, scored by one model."""

    texts: list[str]
    rows: tuple[Float64[np.ndarray, " _num_tokens"], ...]
    num_tokens: int
    num_computed: int
    num_unknown: int
    tokenizer: Tokenizer

    @classmethod
    def of(cls, group: Sequence[Utterance], member: Member) -> "_Scored":
        texts, ids = [], []
        num_unknown = 0
        for utterance in group:
            for hypothesis in utterance.hypotheses:
                text, row, unknown = _encoded(hypothesis.text, utterance.name, member.tokenizer)
                texts.append(text)
                ids.append(row)
                num_unknown += unknown
        scores = shared_prefix_log_probs(member.model, ids)
        return cls(
            texts=texts,
            rows=scores.log_probs,
            num_tokens=scores.num_tokens,
            num_computed=scores.num_computed,
            num_unknown=num_unknown,
            tokenizer=member.tokenizer,
        )

    def words(self) -> Iterator[Float64[np.ndarray, " _words"]]:
        """Iterate over the log-probabilities of the words of each hypothesis, its end the last."""
        for text, row in zip(self.texts, self.rows, strict=True):
            offsets = self.tokenizer.offsets(text)
            places = [_words_before(text, int(end)) for _, end in offsets]
            found = np.zeros(len(text.split()) + 1)
            np.add.at(found, np.minimum(places, len(found) - 1), row)
            yield found


def _encoded(
    text: str, utterance: str, tokenizer: Tokenizer
) -> tuple[str, Int64[np.ndarray, " _num_tokens"], int]:
    try:
        scored = tokenizer.without_markers(text + "\n")
        encoding = tokenizer.encode(scored)
    except DataError as error:
        raise DataError(f"utterance {utterance}: {error.message}", help=error.help) from error
    return scored, encoding.ids.astype(np.int64), int(np.count_nonzero(encoding.unknown))


def _words_before(text: str, end: int) -> int:
    """Return the number of the word that a token ending here is part of, from 0."""
    part = text[:end]
    count = len(part.split())
    # A blank after a word is read with the next word, the line end with the end.
    return count - 1 if part and not part[-1].isspace() else count


def _mixed(
    first: Float64[np.ndarray, " words"], second: Float64[np.ndarray, " words"], weight: float
) -> float:
    with np.errstate(divide="ignore"):
        parts = np.log([weight, 1.0 - weight])
    return float(np.logaddexp(first + parts[0], second + parts[1]).sum())


def _groups(utterances: Sequence[Utterance]) -> Iterator[list[Utterance]]:
    """Iterate over utterances in groups of a limited number of hypotheses."""
    group: list[Utterance] = []
    size = 0
    for utterance in utterances:
        if group and size + len(utterance.hypotheses) > _GROUP_SIZE:
            yield group
            group, size = [], 0
        group.append(utterance)
        size += len(utterance.hypotheses)
    if group:
        yield group
