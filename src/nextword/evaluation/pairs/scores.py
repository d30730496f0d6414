"""Accuracy on minimal pairs, for each paradigm and group."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class ParadigmScore:
    """The score on the pairs of one paradigm, or of the paradigms of one group.

    Attributes:
        name: The paradigm or group.
        group: The group.
        num_pairs: Number of pairs.
        accuracy: Share of the pairs whose good sentence is more probable; ties count as wrong.
        num_ties: Number of pairs whose sentences are equally probable.
        unknown_rate: Share of the words that are out of vocabulary.
    """

    name: str
    group: str
    num_pairs: int
    accuracy: float
    num_ties: int
    unknown_rate: float


@dataclass(frozen=True, kw_only=True)
class PairScores:
    """Scores on minimal pairs.

    Attributes:
        method: `sentence` or `prefix`.
        paradigms: The score on each paradigm, in the order of the file.
    """

    method: str
    paradigms: tuple[ParadigmScore, ...]

    @property
    def num_pairs(self) -> int:
        """Number of pairs."""
        return sum(each.num_pairs for each in self.paradigms)

    @property
    def num_ties(self) -> int:
        """Number of pairs whose sentences are equally probable."""
        return sum(each.num_ties for each in self.paradigms)

    @property
    def accuracy(self) -> float:
        """Mean accuracy of the paradigms, as published figures of BLiMP are."""
        return sum(each.accuracy for each in self.paradigms) / len(self.paradigms)

    @property
    def accuracy_with_ties(self) -> float:
        """The same if ties counted as right, as some other tools count them."""
        shares = ((each.accuracy + each.num_ties / each.num_pairs) for each in self.paradigms)
        return sum(shares) / len(self.paradigms)

    @property
    def unknown_rate(self) -> float:
        """Mean share of out-of-vocabulary words of the paradigms."""
        return sum(each.unknown_rate for each in self.paradigms) / len(self.paradigms)

    @property
    def groups(self) -> tuple[ParadigmScore, ...]:
        """The scores on the groups: means of their paradigms."""
        names = dict.fromkeys(each.group for each in self.paradigms)
        return tuple(
            _mean(name, [each for each in self.paradigms if each.group == name]) for name in names
        )

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        return {
            "method": self.method,
            "num_pairs": self.num_pairs,
            "accuracy": self.accuracy,
            "accuracy_with_ties": self.accuracy_with_ties,
            "num_ties": self.num_ties,
            "unknown_rate": self.unknown_rate,
            "groups": [_without(asdict(each), "group") for each in self.groups],
            "paradigms": [asdict(each) for each in self.paradigms],
        }

    def render(self, *, is_long: bool = False) -> str:
        """Return a table of the groups, or of the paradigms.

        Args:
            is_long: Whether the rows are paradigms.
        """
        rows = self.paradigms if is_long else self.groups
        total = ParadigmScore(
            name="mean of the paradigms",
            group="",
            num_pairs=self.num_pairs,
            accuracy=self.accuracy,
            num_ties=self.num_ties,
            unknown_rate=self.unknown_rate,
        )
        width = max(len(each.name) for each in (*rows, total))
        head = f"{'paradigm' if is_long else 'group':{width}}  accuracy    pairs   ties  unknown"
        return "\n".join([head, *(_row(each, width) for each in (*rows, total))])


def _row(score: ParadigmScore, width: int) -> str:
    return (
        f"{score.name:{width}}  {100 * score.accuracy:7.1f}%  {score.num_pairs:7,}"
        f"  {score.num_ties:5,}  {100 * score.unknown_rate:6.1f}%"
    )


def _mean(name: str, scores: list[ParadigmScore]) -> ParadigmScore:
    return ParadigmScore(
        name=name,
        group=name,
        num_pairs=sum(each.num_pairs for each in scores),
        accuracy=_average(each.accuracy for each in scores),
        num_ties=sum(each.num_ties for each in scores),
        unknown_rate=_average(each.unknown_rate for each in scores),
    )


def _average(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def _without(values: Values, key: str) -> Values:
    return {name: value for name, value in values.items() if name != key}
