import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conlleval import conlleval
from nextword.base import ShapeError
from nextword.tasks.tagging.labels.spans import Span, SpanCounts, SpanScores, find_spans

TYPES = ["PER", "LOC", "ORG-x"]
BIO = ["O", *(f"{prefix}-{type}" for prefix in "BI" for type in TYPES)]
IOE = ["O", *(f"{prefix}-{type}" for prefix in "IE" for type in TYPES)]
BIOES = ["O", *(f"{prefix}-{type}" for prefix in "BIES" for type in TYPES)]


def random_pairs(labels: list[str], *, seed: int, count: int = 200) -> list[tuple[list[str], ...]]:
    """Pairs of expected and predicted labels that agree on most words; most are malformed."""
    generator = random.Random(seed)
    pairs = []
    for _ in range(count):
        expected = generator.choices(labels, k=generator.randint(1, 30))
        predicted = [
            label if generator.random() < 0.7 else generator.choice(labels) for label in expected
        ]
        pairs.append((expected, predicted))
    return pairs


def counts_of(pairs: list[tuple[list[str], ...]]) -> SpanCounts:
    counts = SpanCounts()
    for expected, predicted in pairs:
        counts.add(expected, predicted)
    return counts


@pytest.mark.parametrize("labels", [BIO, IOE, ["O", "B", "I"], ["O", "I-PER", "I-LOC"]])
@pytest.mark.parametrize("seed", range(3))
def test_span_counts_of_200_random_sequences_equal_conlleval(labels: list[str], seed: int) -> None:
    pairs = random_pairs(labels, seed=seed)

    ours, theirs = counts_of(pairs), conlleval(pairs)

    assert sum(theirs.correct.values()) > 100
    assert (+ours.expected, +ours.predicted) == (+theirs.expected, +theirs.predicted)
    assert +ours.correct == +theirs.correct


@pytest.mark.peer
@pytest.mark.parametrize("labels", [BIO, IOE, BIOES])
def test_span_scores_of_200_random_sequences_equal_seqeval(labels: list[str]) -> None:
    metrics = pytest.importorskip("seqeval.metrics")
    pairs = random_pairs(labels, seed=7)
    expected, predicted = [list(each) for each in zip(*pairs, strict=True)]

    counts = counts_of(pairs)

    total = counts.total()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert total.precision == pytest.approx(metrics.precision_score(expected, predicted))
        assert total.recall == pytest.approx(metrics.recall_score(expected, predicted))
        assert total.f1 == pytest.approx(metrics.f1_score(expected, predicted))
        report = metrics.classification_report(expected, predicted, output_dict=True)
    for type, scores in counts.per_type().items():
        assert scores.f1 == pytest.approx(report[type]["f1-score"])
        assert scores.num_expected == report[type]["support"]


@pytest.mark.parametrize(
    ("labels", "spans"),
    [
        ("", []),
        ("O O", []),
        ("B-A I-A B-A", [Span(0, 2, "A"), Span(2, 3, "A")]),
        ("I-A I-A B-A", [Span(0, 2, "A"), Span(2, 3, "A")]),
        ("I-A I-B", [Span(0, 1, "A"), Span(1, 2, "B")]),
        ("B-A I-B O I-B", [Span(0, 1, "A"), Span(1, 2, "B"), Span(3, 4, "B")]),
        ("B-A E-A S-A S-A", [Span(0, 2, "A"), Span(2, 3, "A"), Span(3, 4, "A")]),
        ("E-A I-A O E-A", [Span(0, 1, "A"), Span(1, 2, "A"), Span(3, 4, "A")]),
        ("B-A L-A U-A", [Span(0, 2, "A"), Span(2, 3, "A")]),
        ("B-A-b I-A-b", [Span(0, 2, "A-b")]),
    ],
)
def test_find_spans_of_labels_returns_spans(labels: str, spans: list[Span]) -> None:
    assert list(find_spans(labels.split())) == spans


@given(st.lists(st.sampled_from([*BIOES, "L-PER", "U-LOC", ".", "I", "B"])))
def test_find_spans_are_ordered_and_contain_every_label_with_a_prefix(labels: list[str]) -> None:
    spans = list(find_spans(labels))

    covered = [index for start, end, _ in spans for index in range(start, end)]
    assert covered == sorted(set(covered))
    inside = [index for index, label in enumerate(labels) if label not in ("O", ".")]
    assert covered == inside


def test_span_scores_without_spans_are_zero() -> None:
    scores = SpanScores(num_expected=0, num_predicted=0, num_correct=0)

    assert (scores.precision, scores.recall, scores.f1) == (0.0, 0.0, 0.0)


def test_span_counts_of_part_of_a_span_are_not_correct() -> None:
    counts = counts_of([(["B-A", "I-A", "O"], ["B-A", "O", "O"])])

    assert counts.total() == SpanScores(num_expected=1, num_predicted=1, num_correct=0)


def test_span_counts_unequal_numbers_of_labels_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 expected labels and 1 predicted"):
        SpanCounts().add(["O", "O"], ["O"])
