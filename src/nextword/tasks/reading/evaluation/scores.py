"""Evaluation of a reader: answers against references, beside trivial readers."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nextword.base import DataError, Values
from nextword.pages import Printed
from nextword.tasks.reading.data import answer_spans, correct_candidates
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.predictor import Answer
from nextword.tasks.reading.reader import Reader
from nextword.tasks.reading.scoring import answer_f1, exact_match


@dataclass(frozen=True, kw_only=True)
class ScoredItem:
    """A question with its answer.

    Attributes:
        item: The question and its references.
        found: The answer.
        is_exact: Whether it equals a reference after normalization.
        f1: F1 of its words with the best reference.
        is_reachable: Whether a reference is in the passage (spans) or among the candidates; True if
            answers are written.
        question_only: Answer of the baseline that reads the question only.
        last_mention: Answer of the baseline that takes the last mention.
    """

    item: Item
    found: Answer
    is_exact: bool
    f1: float
    is_reachable: bool
    question_only: str
    last_mention: str


@dataclass(frozen=True, kw_only=True)
class ReadingScores(Printed):
    """The scores of a reader on questions.

    Attributes:
        num_items: Number of questions.
        exact_match: Share of questions whose answer equals a reference after normalization.
        f1: Mean F1 of the words of the answers.
        question_only: Exact matches of the most frequent training answer of the question.
        last_mention: Exact matches of the last text of the passage that is a training answer of
            the same type of question.
        num_unreachable: Number of questions that the reader cannot answer, because no reference is
            in the passage (spans) or among the candidates.
        num_cut: Number of written answers that reached their maximum length.
        mean_log_prob: Mean log-probability of the answers, nats.
        num_supporting: Number of questions with supporting sentences; None without any.
        attention: Mean share of the attention of the last hop in the supporting sentences; None
            without any.
        kind: The kind of answers.
        history_withheld: Whether questions were asked without their history.
        seconds: Duration of the prediction.
    """

    num_items: int
    exact_match: float
    f1: float
    question_only: float
    last_mention: float
    num_unreachable: int
    num_cut: int
    mean_log_prob: float
    num_supporting: int
    attention: float | None
    kind: str
    history_withheld: bool
    seconds: float

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        return {
            "num_items": self.num_items,
            "exact_match": self.exact_match,
            "error_rate": 1.0 - self.exact_match,
            "f1": self.f1,
            "question_only_exact_match": self.question_only,
            "last_mention_exact_match": self.last_mention,
            "num_unreachable": self.num_unreachable,
            "num_cut": self.num_cut,
            "mean_log_prob": self.mean_log_prob,
            "num_with_supporting": self.num_supporting,
            "supporting_attention": self.attention,
            "history_withheld": self.history_withheld,
            "seconds": self.seconds,
        }

    def render(self) -> str:
        """Return the scores as text."""
        history = ", asked without their history" if self.history_withheld else ""
        rows = [
            ("questions", f"{self.num_items:,}{history}"),
            ("exact match", f"{100 * self.exact_match:.2f} %"),
            ("F1", f"{100 * self.f1:.2f} %"),
            ("question only", f"{100 * self.question_only:.2f} % exact match without the passage"),
            ("last mention", f"{100 * self.last_mention:.2f} % exact match without the question"),
        ]
        if self.attention is not None:
            about = (
                ""
                if self.num_supporting == self.num_items
                else (f" of {self.num_supporting:,} questions")
            )
            share = f"{100 * self.attention:.1f} % in the supporting sentences{about}"
            rows.append(("attention", share))
        if self.num_unreachable:
            rows.append(("out of reach", f"{self.num_unreachable:,}: {_REACH[self.kind]}"))
        if self.num_cut:
            rows.append(("reached the limit", f"{self.num_cut:,} answers were ended"))
        rows.append(("log-probability", f"{self.mean_log_prob:.4f} nats an answer"))
        rows.append(("seconds", f"{self.seconds:.1f}"))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)

    def headline(self) -> tuple[str, str]:
        """Return the name and the value of the most important score."""
        return "exact match", f"{100 * self.exact_match:.2f} %"


_REACH = {
    "span": "no reference is a text of the passage",
    "candidate": "no reference is among the candidates",
    "free": "",
}


def scored_items(
    reader: Reader, items: Iterable[Item], *, withhold_history: bool = False
) -> Iterator[ScoredItem]:
    """Iterate over questions with their answers, in order.

    Args:
        reader: The reader.
        items: The questions, each with at least one reference.
        withhold_history: Whether to ask every question without its history.

    Raises:
        DataError: A passage or a question has no word.
    """
    pending: list[Item] = []

    def asked() -> Iterator[Item]:
        for item in items:
            question = replace(item, history=()) if withhold_history else item
            pending.append(question)
            yield question

    baselines = reader.parts.baselines
    for found in reader.read_items(asked()):
        item = pending.pop(0)
        yield ScoredItem(
            item=item,
            found=found,
            is_exact=exact_match(found.text, item.references),
            f1=answer_f1(found.text, item.references),
            is_reachable=_is_reachable(reader, item, found),
            question_only=baselines.question_only(item.question),
            last_mention=baselines.last_mention(
                item.question, item.passage, candidates=item.candidates
            ),
        )


def _is_reachable(reader: Reader, item: Item, found: Answer) -> bool:
    kind = reader.parts.config.answer
    if kind == "span":
        return bool(answer_spans(item, found.words))
    if kind == "candidate":
        return bool(correct_candidates(item.candidates or reader.parts.answers, item.references))
    return True


def supporting_attention(scored: ScoredItem) -> float | None:
    """Return the share of the last hop's attention in the supporting sentences; None without any.

    Args:
        scored: A question with its answer.
    """
    item, found = scored.item, scored.found
    if not item.supporting:
        return None
    ends = (*item.starts[1:], len(item.passage))
    inside = sum(
        (item.starts[number] <= found.words.places[:, 0])
        & (found.words.places[:, 0] < ends[number])
        for number in item.supporting
    )
    return float(found.attention[-1] @ (inside > 0))


class ScoreCounter:
    """Adds up scored questions.

    Args:
        reader: The reader that answered them.
        history_withheld: Whether questions were asked without their history.
    """

    def __init__(self, reader: Reader, *, history_withheld: bool = False) -> None:
        self._kind = reader.parts.config.answer
        self._history_withheld = history_withheld
        self._started = time.perf_counter()
        self._num_items = self._num_exact = self._num_unreachable = self._num_cut = 0
        self._num_question_only = self._num_last_mention = 0
        self._f1_sum = self._log_prob_sum = 0.0
        self._attention: list[float] = []

    def add(self, scored: ScoredItem) -> None:
        """Add one question."""
        references = scored.item.references
        self._num_items += 1
        self._num_exact += scored.is_exact
        self._num_unreachable += not scored.is_reachable
        self._num_cut += scored.found.is_cut
        self._num_question_only += exact_match(scored.question_only, references)
        self._num_last_mention += exact_match(scored.last_mention, references)
        self._f1_sum += scored.f1
        self._log_prob_sum += scored.found.log_prob
        share = supporting_attention(scored)
        if share is not None:
            self._attention.append(share)

    def scores(self) -> ReadingScores:
        """Return the scores of all questions.

        Raises:
            DataError: No question was added.
        """
        if not self._num_items:
            raise DataError("there are no questions to evaluate on.")
        attention = self._attention
        return ReadingScores(
            num_items=self._num_items,
            exact_match=self._num_exact / self._num_items,
            f1=self._f1_sum / self._num_items,
            question_only=self._num_question_only / self._num_items,
            last_mention=self._num_last_mention / self._num_items,
            num_unreachable=self._num_unreachable,
            num_cut=self._num_cut,
            mean_log_prob=self._log_prob_sum / self._num_items,
            num_supporting=len(attention),
            attention=sum(attention) / len(attention) if attention else None,
            kind=self._kind,
            history_withheld=self._history_withheld,
            seconds=time.perf_counter() - self._started,
        )


def evaluate_reader(
    reader: Reader, items: Iterable[Item], *, withhold_history: bool = False
) -> ReadingScores:
    """Return the scores of a reader on questions.

    Args:
        reader: The reader.
        items: The questions, each with at least one reference.
        withhold_history: Whether to ask every question without its history.

    Raises:
        DataError: There are no questions, or one has no word.
    """
    counter = ScoreCounter(reader, history_withheld=withhold_history)
    for scored in scored_items(reader, items, withhold_history=withhold_history):
        counter.add(scored)
    return counter.scores()
