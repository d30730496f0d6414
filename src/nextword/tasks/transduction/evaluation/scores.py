"""Evaluation of a transducer: predicted targets against references."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nextword.base import DataError, Values
from nextword.pages import Printed
from nextword.tasks.decoding import Symbols
from nextword.tasks.transduction.evaluation.metrics import (
    CorpusScore,
    ErrorCount,
    closest_errors,
    corpus_scores,
    overlap_f1,
)
from nextword.tasks.transduction.files import Pair
from nextword.tasks.transduction.transducer import Transducer, Transduction


@dataclass(frozen=True, kw_only=True)
class ScoredPair:
    """A pair with its best predicted target.

    Attributes:
        pair: The source and its references.
        found: The predicted target.
        errors: Symbol edits to the closest reference.
    """

    pair: Pair
    found: Transduction
    errors: ErrorCount

    @property
    def is_exact(self) -> bool:
        """Whether the target equals a reference."""
        return self.errors.num_edits == 0


@dataclass(frozen=True, kw_only=True)
class TransductionScores(Printed):
    """The scores of a transducer on pairs.

    Attributes:
        num_items: Number of sources.
        exact_match: Share of sources whose target equals a reference.
        error_rate: Symbol edits to the closest reference, per reference symbol.
        word_error_rate: The same for the words between blanks.
        f1: Mean F1 of the symbols without their order.
        symbol: What a symbol is.
        num_cut: Number of targets that reached their maximum length.
        num_with_unknown: Number of sources with symbols outside the vocabulary.
        mean_log_prob: Mean log-probability of the predicted targets, nats.
        bleu: BLEU of sacrebleu; None if it was not asked for.
        chrf: chrF of sacrebleu; None if it was not asked for.
        seconds: Duration of the prediction.
    """

    num_items: int
    exact_match: float
    error_rate: float
    word_error_rate: float
    f1: float
    symbol: str
    num_cut: int
    num_with_unknown: int
    mean_log_prob: float
    bleu: CorpusScore | None = None
    chrf: CorpusScore | None = None
    seconds: float

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        values: Values = {
            "num_items": self.num_items,
            "exact_match": self.exact_match,
            "error_rate": self.error_rate,
            "word_error_rate": self.word_error_rate,
            "f1": self.f1,
            "symbol": self.symbol,
            "num_cut": self.num_cut,
            "num_with_unknown": self.num_with_unknown,
            "mean_log_prob": self.mean_log_prob,
            "seconds": self.seconds,
        }
        for name, score in (("bleu", self.bleu), ("chrf", self.chrf)):
            if score is not None:
                values |= {name: score.value, f"{name}_signature": score.signature}
        return values

    def render(self) -> str:
        """Return the scores as text."""
        rows = [
            ("sources", f"{self.num_items:,}"),
            ("exact match", f"{100 * self.exact_match:.2f} % (any reference)"),
            ("error rate", f"{100 * self.error_rate:.2f} % of the {self.symbol}s"),
            ("word error rate", f"{100 * self.word_error_rate:.2f} % (words between blanks)"),
            ("F1", f"{100 * self.f1:.2f} % ({self.symbol}s without their order)"),
            ("log-probability", f"{self.mean_log_prob:.4f} nats a target"),
        ]
        if self.num_cut:
            rows.append(("reached the limit", f"{self.num_cut:,} targets were ended"))
        if self.num_with_unknown:
            rows.append(("unknown symbols", f"in {self.num_with_unknown:,} sources"))
        for name, score in (("BLEU", self.bleu), ("chrF", self.chrf)):
            if score is not None:
                rows.append((name, f"{score.value:.2f} ({score.signature})"))
        rows.append(("seconds", f"{self.seconds:.1f}"))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)

    def headline(self) -> tuple[str, str]:
        """Return the name and the value of the most important score."""
        return "exact match", f"{100 * self.exact_match:.2f} %"


def scored_pairs(transducer: Transducer, pairs: Iterable[Pair]) -> Iterator[ScoredPair]:
    """Iterate over pairs with their best targets, in order.

    Args:
        transducer: The transducer.
        pairs: The pairs, each with at least one reference.

    Raises:
        DataError: A source cannot be encoded.
    """
    pending: list[Pair] = []

    def sources() -> Iterator[str]:
        for pair in pairs:
            transducer.parts.source.config.check(pair.source, place=pair.place)
            pending.append(pair)
            yield pair.source

    split = transducer.parts.target.split
    for found in transducer.transduce_texts(sources()):
        pair = pending.pop(0)
        errors = closest_errors(found[0].text, pair.references, split=split)
        yield ScoredPair(pair=pair, found=found[0], errors=errors)


class ScoreCounter:
    """Adds up scored pairs.

    Args:
        transducer: The transducer that predicted the targets.
        with_corpus_scores: Whether to compute BLEU and chrF, for which all texts are kept.
    """

    def __init__(self, transducer: Transducer, *, with_corpus_scores: bool = False) -> None:
        self._transducer = transducer
        self._target: Symbols = transducer.parts.target
        self._texts: list[tuple[str, tuple[str, ...]]] | None = [] if with_corpus_scores else None
        self._started = time.perf_counter()
        self._num_items = self._num_exact = self._num_cut = self._num_with_unknown = 0
        self._symbols, self._words = [0, 0], [0, 0]
        self._f1_sum = self._log_prob_sum = 0.0

    def add(self, scored: ScoredPair) -> None:
        """Add one pair."""
        text, references = scored.found.text, scored.pair.references
        self._num_items += 1
        self._num_exact += scored.is_exact
        self._num_cut += scored.found.is_cut
        self._num_with_unknown += self._transducer.num_unknown(scored.pair.source) > 0
        words = closest_errors(text, references, split=_words)
        for counts, errors in ((self._symbols, scored.errors), (self._words, words)):
            counts[0] += errors.num_edits
            counts[1] += errors.num_symbols
        self._f1_sum += overlap_f1(text, references, split=self._target.split)
        self._log_prob_sum += scored.found.log_prob
        if self._texts is not None:
            self._texts.append((text, references))

    def scores(self) -> TransductionScores:
        """Return the scores of all pairs.

        Raises:
            DataError: No pair was added.
            MissingExtraError: BLEU is asked for and sacrebleu is not installed.
        """
        if not self._num_items:
            raise DataError("there are no pairs to evaluate on.")
        seconds = time.perf_counter() - self._started
        bleu, chrf = None, None
        if self._texts is not None:
            bleu, chrf = corpus_scores(
                [text for text, _ in self._texts], [references for _, references in self._texts]
            )
        return TransductionScores(
            num_items=self._num_items,
            exact_match=self._num_exact / self._num_items,
            error_rate=self._symbols[0] / max(1, self._symbols[1]),
            word_error_rate=self._words[0] / max(1, self._words[1]),
            f1=self._f1_sum / self._num_items,
            symbol=_SYMBOL_NAMES[self._target.config.kind],
            num_cut=self._num_cut,
            num_with_unknown=self._num_with_unknown,
            mean_log_prob=self._log_prob_sum / self._num_items,
            bleu=bleu,
            chrf=chrf,
            seconds=seconds,
        )


#: What the symbols of error rates are called.
_SYMBOL_NAMES = {
    "character": "character",
    "symbol": "symbol",
    "word": "word",
    "byte": "character",
    "bpe": "character",
}


def evaluate_transducer(
    transducer: Transducer, pairs: Iterable[Pair], *, with_corpus_scores: bool = False
) -> TransductionScores:
    """Return the scores of a transducer on pairs.

    Args:
        transducer: The transducer.
        pairs: The pairs, each with at least one reference.
        with_corpus_scores: Whether to compute BLEU and chrF.

    Raises:
        DataError: There are no pairs, or a source cannot be encoded.
        MissingExtraError: BLEU is asked for and sacrebleu is not installed.
    """
    counter = ScoreCounter(transducer, with_corpus_scores=with_corpus_scores)
    for scored in scored_pairs(transducer, pairs):
        counter.add(scored)
    return counter.scores()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
