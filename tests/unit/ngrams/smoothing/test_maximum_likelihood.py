import pytest
from hypothesis import given

from fakes import store_of, tokenizer_of
from naive_ngrams import NaiveModel, as_naive
from nextword.ngrams import count_ngrams, maximum_likelihood, sentences_of
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")
W0, W1, W2 = (TOKENIZER.id_of(word) for word in ("w0", "w1", "w2"))
START = 2


def estimated(text: str, *, order: int) -> NaiveModel:
    sentences = sentences_of(store_of(TOKENIZER, text), TOKENIZER)
    return as_naive(maximum_likelihood(count_ngrams(sentences, order=order)))


def test_maximum_likelihood_gives_relative_frequencies() -> None:
    model = estimated("w0 w1\nw0 w1\nw0 w2\n", order=2)

    assert model.probability((W0,), W1) == pytest.approx(2 / 3)
    assert model.probability((START,), W0) == pytest.approx(1.0)


def test_maximum_likelihood_unseen_after_a_seen_context_is_impossible() -> None:
    assert estimated("w0 w1\nw2 w2\n", order=2).probability((W0,), W2) == 0.0


def test_maximum_likelihood_unseen_context_leaves_it_to_the_shorter_one() -> None:
    model = estimated("w0 w1\nw2 w1\n", order=3)

    assert model.probability((W2, W0), W1) == pytest.approx(1.0)


def test_maximum_likelihood_order_one_counts_words_and_line_ends() -> None:
    model = estimated("w0 w0 w1\n", order=1)

    assert model.probability((), W0) == pytest.approx(0.5)
    assert model.probability((), START) == 0.0


@given(texts(4))
def test_maximum_likelihood_any_context_sums_to_one(text: str) -> None:
    model = estimated(text + "w0 w1\n", order=3)

    for context in [(), (START,), (W0,), (START, W0), (W1, W2)]:
        total = sum(model.probability(context, word) for word in range(TOKENIZER.vocab_size))
        assert total == pytest.approx(1.0, abs=1e-5)
