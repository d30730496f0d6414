"""The counting of conlleval, line by line, with its table of rules. Must not import nextword.

Written from the description of the script of the CoNLL shared tasks: one pass over the words that
follows the expected and the predicted chunks at the same time. nextword compares sets of spans.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: Pairs of prefixes of neighbours between which a chunk ends or begins, whatever their types.
ENDS = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")}
BEGINS = {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")}


@dataclass
class Counts:
    """Chunks by type."""

    expected: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    correct: Counter[str] = field(default_factory=Counter)


def chunk_ends(before: tuple[str, str], now: tuple[str, str]) -> bool:
    changes = before[0] not in ("O", ".") and before[1] != now[1]
    return (before[0], now[0]) in ENDS or changes


def chunk_begins(before: tuple[str, str], now: tuple[str, str]) -> bool:
    changes = now[0] not in ("O", ".") and before[1] != now[1]
    return (before[0], now[0]) in BEGINS or changes


def parse(label: str) -> tuple[str, str]:
    prefix, _, kind = label.partition("-")
    return prefix, kind


def conlleval(sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Counts:
    """Count the chunks of pairs of expected and predicted labels."""
    counts = Counts()
    for expected, predicted in sentences:
        is_open = False
        last_expected = last_predicted = ("O", "")
        # A boundary is a word outside of all chunks.
        for pair in [*zip(expected, predicted, strict=True), ("O", "O")]:
            now_expected, now_predicted = map(parse, pair)
            ends = chunk_ends(last_expected, now_expected)
            predicted_ends = chunk_ends(last_predicted, now_predicted)
            if is_open:
                if ends and predicted_ends and last_expected[1] == last_predicted[1]:
                    counts.correct[last_expected[1]] += 1
                    is_open = False
                elif ends != predicted_ends or now_expected[1] != now_predicted[1]:
                    is_open = False
            begins = chunk_begins(last_expected, now_expected)
            predicted_begins = chunk_begins(last_predicted, now_predicted)
            counts.expected[now_expected[1]] += begins
            counts.predicted[now_predicted[1]] += predicted_begins
            if begins and predicted_begins and now_expected[1] == now_predicted[1]:
                is_open = True
            last_expected, last_predicted = now_expected, now_predicted
    return counts
