"""Label sequences of a tagger: n-best."""

import math
import random

import pytest

from nextword.base import ConfigError
from nextword.tasks.tagging import Tagger
from tagging import name_sentence, pos_sentence, small_tagger


def tagger_of_names(decoder: str = "crf") -> Tagger:
    generator = random.Random(0)
    return small_tagger([name_sentence(generator) for _ in range(10)], decoder=decoder)


def test_n_best_first_sequence_is_that_of_tag() -> None:
    tagger = tagger_of_names()

    sequences = tagger.n_best("Ann Bob likes Rome .", n=5)

    assert list(sequences[0].labels) == tagger.labels_of("Ann Bob likes Rome .")
    assert len({each.labels for each in sequences}) == 5
    log_probs = [each.log_prob for each in sequences]
    assert log_probs == sorted(log_probs, reverse=True)
    assert sequences[0].probability == pytest.approx(math.exp(log_probs[0]))


def test_n_best_of_one_word_are_all_labels_of_the_file() -> None:
    sequences = tagger_of_names().n_best("Ann", n=100)

    assert sorted(each.labels for each in sequences) == [("I-LOC",), ("I-PER",), ("O",)]
    assert sum(each.probability for each in sequences) == pytest.approx(1.0)


def test_n_best_probabilities_agree_with_marginals() -> None:
    generator = random.Random(0)
    tagger = small_tagger([pos_sentence(generator) for _ in range(10)])
    [cat, dog] = tagger.tag("cat dog", with_probabilities=True)

    sequences = tagger.n_best("cat dog", n=100)

    first = sum(each.probability for each in sequences if each.labels[0] == cat.label)
    second = sum(each.probability for each in sequences if each.labels[1] == dog.label)
    assert first == pytest.approx(cat.probability, abs=1e-5)
    assert second == pytest.approx(dog.probability, abs=1e-5)


def test_n_best_sentences_keep_their_order_and_empty_ones() -> None:
    tagger = tagger_of_names()
    sentences = ["Ann likes Bob", "", "Bob", "Cara sees Oslo ."]

    found = list(tagger.n_best_sentences(sentences, n=2))

    assert [len(sequences[0].labels) for sequences in found] == [3, 0, 1, 4]
    assert [each.probability for each in found[1]] == [1.0]
    assert found[3] == tagger.n_best(sentences[3], n=2)


@pytest.mark.parametrize("n", [0, -1, 101])
def test_n_best_number_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(ConfigError, match=f"the number of label sequences is {n}"):
        tagger_of_names().n_best("Ann", n=n)


def test_n_best_of_a_softmax_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"tagging\.decoder is 'softmax'"):
        tagger_of_names("softmax").n_best("Ann", n=2)


def test_texts_in_place_of_words_are_refused() -> None:
    tagger = tagger_of_names()

    with pytest.raises(ConfigError, match="a word is 'Ann likes'") as caught:
        tagger.tag(["Ann likes", "Bob likes"])
    with pytest.raises(ConfigError, match="sentences is a single string"):
        tagger.tag_sentences("Ann likes Rome")
    with pytest.raises(ConfigError, match="sentences is a single string"):
        tagger.n_best_sentences("Ann likes Rome", n=2)

    assert caught.value.help == "Use tag_sentences for several texts."
    assert len(tagger.tag(["Ann Lee", "likes", "Rome"])) == 3


def test_repr_has_labels_and_parameters() -> None:
    tagger = tagger_of_names()

    expected = f"Tagger(None, num_labels=3, num_parameters={tagger.num_parameters:,})"
    assert repr(tagger) == expected
