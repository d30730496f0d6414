"""Scores of a tagger."""

import random

import pytest

from nextword.base import DataError
from nextword.tasks.tagging import evaluate_tagger
from nextword.tasks.tagging.labels.schemes import Scheme, convert_labels
from tagged_files import sentence_of
from tagging import name_sentence, pos_sentence, small_tagger


def test_evaluate_many_unknown_labels_are_counted_and_the_list_is_bounded() -> None:
    generator = random.Random(0)
    tagger = small_tagger([pos_sentence(generator) for _ in range(10)])
    words = " ".join(["cat"] * 302)
    labels = " ".join([tagger.labels[0], "X0", *(f"X{i}" for i in range(300))])

    scores = evaluate_tagger(tagger, [sentence_of(words, labels)])

    values = scores.to_dict()
    assert values["num_new_labels"] == 300
    assert len(values["new_labels"]) == 100
    assert values["new_labels"]["X0"] == 2
    [line] = [line for line in scores.render().splitlines() if "not in training" in line]
    assert "'X0' (2), 'X1' (1)" in line
    assert line.endswith("and 290 others: counted as wrong")


def test_evaluate_labels_of_another_column_are_refused() -> None:
    generator = random.Random(0)
    tagger = small_tagger([pos_sentence(generator) for _ in range(10)])

    with pytest.raises(DataError, match=r"none of the labels \('the', 'cat', \.\.\.\)") as caught:
        evaluate_tagger(tagger, [sentence_of("the cat the", "the cat the")])

    assert "--column" in (caught.value.help or "")


@pytest.mark.parametrize("scheme", [Scheme.IOB1, Scheme.IOB2, Scheme.BIOES])
def test_evaluate_does_not_depend_on_the_scheme_of_the_file(scheme: Scheme) -> None:
    generator = random.Random(0)
    sentences = [name_sentence(generator) for _ in range(10)]
    tagger = small_tagger(sentences)
    words, labels = zip(*[zip(*sentence, strict=True) for sentence in sentences], strict=True)
    same = [
        sentence_of(" ".join(each), " ".join(tags))
        for each, tags in zip(words, labels, strict=True)
    ]
    other = [
        sentence_of(" ".join(each), " ".join(convert_labels(tags, scheme)))
        for each, tags in zip(words, labels, strict=True)
    ]

    expected, found = evaluate_tagger(tagger, same), evaluate_tagger(tagger, other)

    assert found.labels == expected.labels
    assert found.spans == expected.spans
    assert found.new_labels == {}
    assert 0.0 < found.labels.accuracy < 1.0


def test_evaluate_labels_that_are_not_of_spans_count_as_wrong() -> None:
    generator = random.Random(0)
    tagger = small_tagger([name_sentence(generator) for _ in range(10)])

    scores = evaluate_tagger(tagger, [sentence_of("a b c d", "PER NOUN B_X O")])

    assert scores.new_labels == {"PER": 1, "NOUN": 1, "B_X": 1}
    assert scores.labels.accuracy <= 0.25
