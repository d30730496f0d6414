import logging
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_ngrams import NaiveModel, as_naive, close, naive_kneser_ney, split_sentences
from nextword.base import ConfigError
from nextword.ngrams import KneserNey, count_ngrams, kneser_ney, sentences_of
from nextword.tokens import Tokenizer
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")
RARE_WORDS = tokenizer_of(" ".join(f"w{number}" for number in range(200)) + "\n")


def uneven_text(num_lines: int) -> str:
    """Lines of words, few of them frequent and many rare."""
    generator = np.random.default_rng(4)
    words = np.minimum(generator.zipf(1.5, (num_lines, 6)), 200) - 1
    return "".join(" ".join(f"w{word}" for word in line) + "\n" for line in words)


def smoothed(
    text: str, *, order: int, prune: tuple[int, ...] = (), tokenizer: Tokenizer = TOKENIZER
) -> KneserNey:
    sentences = sentences_of(store_of(tokenizer, text), tokenizer)
    counts = count_ngrams(sentences, order=order)
    return kneser_ney(counts, never_ids=tokenizer.never_ids, prune=prune)


def naive(
    text: str, *, order: int, prune: tuple[int, ...], tokenizer: Tokenizer = TOKENIZER
) -> NaiveModel:
    store = store_of(tokenizer, text)
    starts = store.unit_starts("line", tokenizer.line_end_ids)[:-1].tolist()
    return naive_kneser_ney(
        split_sentences(store.ids.tolist(), starts),
        order=order,
        vocab_size=tokenizer.vocab_size,
        prune=prune,
    )


def assert_same_model(actual: NaiveModel, expected: NaiveModel) -> None:
    for ngram, value in expected.probabilities.items():
        assert close(actual.probabilities[ngram], value)
    extra = actual.probabilities.keys() - expected.probabilities.keys()
    # `<pad>` and `<s>` are never predicted.
    assert extra == {(0,), (2,)}
    assert all(actual.probabilities[ngram] == 0.0 for ngram in extra)
    contexts = {ngram for ngram in actual.probabilities if len(ngram) < actual.order}
    for context in contexts:
        assert close(actual.backoffs[context], expected.backoffs.get(context, 1.0))


@given(texts(4), st.sampled_from([(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2)]), st.integers(1, 3))
def test_kneser_ney_equals_its_definition(text: str, prune: tuple[int, ...], order: int) -> None:
    text += "w0 w1 w2\n"

    actual = smoothed(text, order=order, prune=prune[:order])

    assert_same_model(as_naive(actual.tables), naive(text, order=order, prune=prune))


@pytest.mark.parametrize("prune", [(0, 0, 0), (0, 0, 1)])
def test_kneser_ney_estimated_discounts_equal_the_definition(prune: tuple[int, ...]) -> None:
    text = uneven_text(300)

    actual = smoothed(text, order=3, prune=prune, tokenizer=RARE_WORDS)

    assert not any(part.used_fallback for part in actual.discounts)
    expected = naive(text, order=3, prune=prune, tokenizer=RARE_WORDS)
    assert_same_model(as_naive(actual.tables), expected)


@given(texts(4), st.sampled_from([(), (0, 0, 1), (0, 1)]))
def test_kneser_ney_any_context_sums_to_one(text: str, prune: tuple[int, ...]) -> None:
    model = as_naive(smoothed(text + "w0 w1 w2\n", order=3, prune=prune).tables)

    for context in [(), (2,), (4,), (2, 4), (4, 5), (7, 7), (1, 1)]:
        total = sum(model.probability(context, word) for word in range(TOKENIZER.vocab_size))
        assert total == pytest.approx(1.0, abs=1e-5)


def test_kneser_ney_unseen_word_gets_a_share_of_the_uniform() -> None:
    model = as_naive(smoothed("w0 w1 w0\n", order=1).tables)

    unseen = [model.probabilities[(TOKENIZER.id_of(word),)] for word in ("<unk>", "w2", "w3")]
    assert unseen[0] == unseen[1] == unseen[2] > 0


def test_kneser_ney_fallback_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        result = smoothed("w0 w1\n", order=2)

    assert [part.used_fallback for part in result.discounts] == [True, True]
    expected = "Too few different counts to estimate the discounts of order 1, 2; using 0.5/1/1.5"
    assert expected in caplog.text


def test_kneser_ney_estimated_discounts_announce_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        smoothed(uneven_text(300), order=2, tokenizer=RARE_WORDS)

    assert not caplog.records


def test_kneser_ney_pruning_drops_rare_ngrams_only() -> None:
    text = "w0 w1\n" * 3 + "w2 w3\n"

    tables = smoothed(text, order=2, prune=(0, 1)).tables

    ids = {TOKENIZER.id_of(word) for word in ("w2", "w3")}
    kept = tables.words_of(2, np.arange(tables.num_ngrams[1]))
    assert len(kept) == 3
    assert not np.isin(kept, list(ids)).any()


@pytest.mark.parametrize(
    ("prune", "message"),
    [
        ((1, 1), "model.prune is (1, 1); words cannot be pruned, so the first value must be 0."),
        ((0, 2, 1), "model.prune is (0, 2, 1); the values must not decrease"),
        ((0, 0, 0, 0), "model.prune has 4 values (0, 0, 0, 0), but the order is 3."),
    ],
)
def test_kneser_ney_senseless_pruning_is_refused(prune: tuple[int, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        smoothed("w0 w1 w2\n", order=3, prune=prune)
