"""Trivial readers, which show how much of a test needs no reading."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nextword.base import FormatError, Values
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.scoring.metrics import normalize_answer
from nextword.tasks.reading.words import find_words, split_words

#: Largest number of questions and of answers that a model folder keeps.
_MAX_KEPT = 20_000
#: Number of the first words of a question that tell what type of answer it asks for.
_TYPE_WORDS = 2


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """What two trivial readers know of the training data.

    Attributes:
        majority: The most frequent answer of each question that was asked at least twice.
        type_majority: The most frequent answer of each type of question: of its first two words.
        overall: The most frequent answer of all.
        answers: The answers of each type of question.

    Example:
        >>> items = [Item(passage="", question="Where is it?", references=("hall",))]
        >>> known = Baselines.of(items)
        >>> known.question_only("Where is Anna?"), known.last_mention("Where is he?", "hall. End.")
        ('hall', 'hall')
    """

    majority: Mapping[str, str]
    type_majority: Mapping[str, str]
    overall: str
    answers: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Baselines":
        """Count the answers of training questions; of equally frequent ones, the first counts.

        Args:
            items: The questions with their references, of which the first counts.
        """
        overall: Counter[str] = Counter()
        by_question: dict[str, Counter[str]] = defaultdict(Counter)
        by_type: dict[str, Counter[str]] = defaultdict(Counter)
        for item in items:
            answer, question = item.references[0], normalize_answer(item.question)
            overall[answer] += 1
            by_question[question][answer] += 1
            by_type[question_type(item.question)][answer] += 1
        repeated = {
            question: counts for question, counts in by_question.items() if counts.total() > 1
        }
        return cls(
            majority=_majorities(repeated),
            type_majority=_majorities(by_type),
            overall=overall.most_common(1)[0][0] if overall else "",
            answers={
                kind: frozenset(answer for answer, _ in counts.most_common(_MAX_KEPT))
                for kind, counts in _most_frequent(by_type).items()
            },
        )

    def question_only(self, question: str) -> str:
        """Return the most frequent training answer of a question, without reading the passage.

        Args:
            question: The question; if it is new, its type counts, and then all questions.
        """
        found = self.majority.get(normalize_answer(question))
        return found or self.type_majority.get(question_type(question), self.overall)

    def last_mention(self, question: str, passage: str, *, candidates: tuple[str, ...] = ()) -> str:
        """Return the last text of a passage that was an answer to questions of the same type.

        Args:
            question: The question.
            passage: The passage.
            candidates: The candidates of the question; those are looked for instead if there are
                any.

        Returns:
            The text; the last word of the passage if there is no such text.
        """
        words = split_words(passage)
        wanted = candidates or self.answers.get(question_type(question), frozenset())
        present = {word.lower() for word in words.words}
        best = (-1, 0)
        for answer in wanted:
            sought = split_words(answer).words
            if sought and sought[0].lower() in present:
                places = find_words(words.words, sought)
                # Of texts that begin at the same word, the longest counts.
                best = max([best, *((place, len(sought)) for place in places[-1:])])
        if best[0] >= 0:
            return words.between(best[0], best[0] + best[1] - 1)
        named = [place for place, word in enumerate(words.words) if word.isalnum()]
        return words.words[named[-1]] if named else ""

    def to_values(self) -> Values:
        """Return the content as JSON values."""
        return {
            "majority": dict(self.majority),
            "type_majority": dict(self.type_majority),
            "overall": self.overall,
            "answers": {kind: sorted(answers) for kind, answers in self.answers.items()},
        }

    @classmethod
    def from_values(cls, values: Values) -> "Baselines":
        """Return the baselines from what `to_values` returned.

        Raises:
            FormatError: The values are damaged.
        """
        try:
            return cls(
                majority=dict(values["majority"]),
                type_majority=dict(values["type_majority"]),
                overall=str(values["overall"]),
                answers={kind: frozenset(each) for kind, each in values["answers"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(
                f"the baselines are damaged: {type(error).__name__} {error}.",
                help="Copy the model folder again.",
            ) from error


def question_type(question: str) -> str:
    """Return the type of a question: its first two words, in lower case.

    Example:
        >>> question_type("Where is the apple?")
        'where is'
    """
    return " ".join(split_words(question.lower()).words[:_TYPE_WORDS])


def _most_frequent(counted: Mapping[str, Counter[str]]) -> dict[str, Counter[str]]:
    """Return the keys with the largest counts."""
    kept = sorted(counted, key=lambda key: -counted[key].total())[:_MAX_KEPT]
    return {key: counted[key] for key in kept}


def _majorities(counted: Mapping[str, Counter[str]]) -> dict[str, str]:
    return {key: counts.most_common(1)[0][0] for key, counts in _most_frequent(counted).items()}
