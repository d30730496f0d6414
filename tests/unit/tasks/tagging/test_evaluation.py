"""Scores of a tagger."""

import random

from nextword.tasks.tagging import evaluate_tagger
from tagged_files import sentence_of
from tagging import pos_sentence, small_tagger


def test_evaluate_many_unknown_labels_are_counted_and_the_list_is_bounded() -> None:
    generator = random.Random(0)
    tagger = small_tagger([pos_sentence(generator) for _ in range(10)])
    words = " ".join(["cat"] * 301)
    labels = " ".join(["X0", *(f"X{i}" for i in range(300))])

    scores = evaluate_tagger(tagger, [sentence_of(words, labels)])

    values = scores.to_dict()
    assert values["num_new_labels"] == 300
    assert len(values["new_labels"]) == 100
    assert values["new_labels"]["X0"] == 2
    [line] = [line for line in scores.render().splitlines() if "not in training" in line]
    assert "'X0' (2), 'X1' (1)" in line
    assert line.endswith("and 290 others: counted as wrong")
