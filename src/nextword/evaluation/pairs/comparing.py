"""Which sentence of a minimal pair a model prefers."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from nextword.base import ConfigError, DataError, did_you_mean
from nextword.evaluation.lines import per_line_scores
from nextword.evaluation.pairs.reading import MinimalPair
from nextword.evaluation.pairs.scores import PairScores, ParadigmScore
from nextword.evaluation.surprisal import LineSurprisal, line_surprisals
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

T = TypeVar("T")

_METHODS = ("sentence", "prefix")
#: Log-probabilities in nats that differ by less are equal: batches of other sizes round otherwise.
_TIE = 1e-5


class _Preference(NamedTuple):
    """By how much the good sentence is more probable, in nats; and its words and unknown words."""

    difference: float
    num_tokens: int
    num_unknown: int


def compare_pairs(
    model: LanguageModel,
    pairs: Iterable[MinimalPair],
    *,
    tokenizer: Tokenizer,
    method: str = "sentence",
    on_progress: Callable[[int], None] | None = None,
) -> PairScores:
    """Return how often a model prefers the good sentence of a pair.

    Each sentence is scored as a line of its own. The method `sentence` compares the
    log-probabilities of the sentences with their ends. The method `prefix` compares those of the
    first words that differ, given the words before them; where a sentence has no such word, its end
    counts. Log-probabilities that differ by less than 0.00001 nats are a tie, which is not right.

    Source: [warstadt2020].

    Args:
        model: The model.
        pairs: The pairs.
        tokenizer: The model's tokenizer.
        method: `sentence` or `prefix`.
        on_progress: Called with the number of pairs that are compared.

    Raises:
        ConfigError: The method is unknown, or it is `prefix` and the model reads lines backward.
        DataError: There are no pairs, or a sentence contains a reserved symbol.
    """
    if method not in _METHODS:
        raise ConfigError(f"the method is {method!r}.", help=did_you_mean(method, _METHODS))
    if method == "prefix" and tokenizer.is_backward:
        raise ConfigError(
            "the method prefix compares words given the words before them, but this model reads "
            "lines backward.",
            help="Use the method sentence.",
        )
    prefer = _by_sentence if method == "sentence" else _by_prefix
    found: dict[tuple[str, str], list[_Preference]] = {}
    named, scored = itertools.tee(_without_reserved_symbols(pairs, tokenizer))
    preferences = prefer(model, scored, tokenizer)
    for number, (pair, preference) in enumerate(zip(named, preferences, strict=True), start=1):
        found.setdefault((pair.paradigm, pair.group), []).append(preference)
        if on_progress is not None:
            on_progress(number)
    if not found:
        raise DataError("there are no pairs.", help="Name a file with minimal pairs.")
    return PairScores(
        method=method,
        paradigms=tuple(_score(*names, preferences) for names, preferences in found.items()),
    )


def _score(name: str, group: str, preferences: Sequence[_Preference]) -> ParadigmScore:
    num_tokens = sum(each.num_tokens for each in preferences)
    return ParadigmScore(
        name=name,
        group=group,
        num_pairs=len(preferences),
        accuracy=sum(each.difference >= _TIE for each in preferences) / len(preferences),
        num_ties=sum(abs(each.difference) < _TIE for each in preferences),
        unknown_rate=sum(each.num_unknown for each in preferences) / max(1, num_tokens),
    )


def _without_reserved_symbols(
    pairs: Iterable[MinimalPair], tokenizer: Tokenizer
) -> Iterator[MinimalPair]:
    """Iterate over the pairs, and refuse reserved symbols, naming the place."""
    for number, pair in enumerate(pairs, start=1):
        line = number if pair.line is None else pair.line
        for sentence in (pair.good, pair.bad):
            tokenizer.without_markers(sentence, name=pair.file, first_line=line)
        yield pair


def _sentences(pairs: Iterable[MinimalPair]) -> Iterator[str]:
    for pair in pairs:
        yield from (pair.good, pair.bad)


def _by_sentence(
    model: LanguageModel, pairs: Iterable[MinimalPair], tokenizer: Tokenizer
) -> Iterator[_Preference]:
    scores = per_line_scores(model, _sentences(pairs), tokenizer=tokenizer)
    for good, bad in _in_twos(scores):
        yield _Preference(
            difference=_difference(good.log_prob, bad.log_prob),
            num_tokens=good.num_tokens + bad.num_tokens - 2 * tokenizer.has_line_end_token,
            num_unknown=good.num_unknown + bad.num_unknown,
        )


def _by_prefix(
    model: LanguageModel, pairs: Iterable[MinimalPair], tokenizer: Tokenizer
) -> Iterator[_Preference]:
    scores = line_surprisals(model, _sentences(pairs), tokenizer=tokenizer)
    for good, bad in _in_twos(scores):
        same = itertools.takewhile(
            lambda words: words[0].text == words[1].text, zip(good.words, bad.words, strict=False)
        )
        first = sum(1 for _ in same)
        tokens = (*good.tokens, *bad.tokens)
        yield _Preference(
            difference=_difference(-_word(good, first), -_word(bad, first)),
            num_tokens=len(tokens) - 2 * tokenizer.has_line_end_token,
            num_unknown=sum(token.is_unknown for token in tokens),
        )


def _in_twos(values: Iterator[T]) -> Iterator[tuple[T, T]]:
    return zip(values, values, strict=True)


def _word(line: LineSurprisal, number: int) -> float:
    return line.words[number].surprisal if number < len(line.words) else line.line_end


def _difference(good: float, bad: float) -> float:
    """Return good - bad; 0 if both are -inf."""
    return 0.0 if good == bad else good - bad
