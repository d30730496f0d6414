import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_ngrams import NaiveModel, as_naive, naive_counts, split_sentences
from nextword.ngrams import add_k, count_ngrams, sentences_of
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2\n")
NUM_TYPES = TOKENIZER.vocab_size - 2
W0, W1, W2 = (TOKENIZER.id_of(word) for word in ("w0", "w1", "w2"))
START = 2


def estimated(text: str, *, order: int, k: float = 0.5) -> NaiveModel:
    sentences = sentences_of(store_of(TOKENIZER, text), TOKENIZER)
    counts = count_ngrams(sentences, order=order)
    return as_naive(add_k(counts, k=k, never_ids=TOKENIZER.never_ids))


@given(texts(3), st.integers(1, 3), st.floats(0.01, 3.0))
def test_add_k_equals_its_definition(text: str, order: int, k: float) -> None:
    text += "w0 w1\n"
    store = store_of(TOKENIZER, text)
    starts = store.unit_starts("line", TOKENIZER.line_end_ids)[:-1].tolist()
    sentences = split_sentences(store.ids.tolist(), starts)
    model = estimated(text, order=order, k=k)

    for context in [(START,), (START, W0), (W0, W1), (W2, W2)]:
        kept = context[len(context) - order + 1 :] if order > 1 else ()
        if kept[:1] != (START,) and len(kept) < order - 1:
            continue
        counts = naive_counts(sentences, len(kept) + 1)
        total = sum(count for ngram, count in counts.items() if ngram[:-1] == kept)
        for word in (1, 3, W0, W1, W2):
            expected = (counts[(*kept, word)] + k) / (total + k * NUM_TYPES)
            assert model.probability(context, word) == pytest.approx(expected, rel=1e-5)


def test_add_k_unseen_context_makes_all_words_equally_likely() -> None:
    model = estimated("w0 w1 w2\n", order=3)

    assert model.probability((W2, W2), W0) == pytest.approx(1 / NUM_TYPES)


def test_add_k_start_of_a_sentence_is_a_context_of_its_own() -> None:
    model = estimated("w0 w1\nw0 w2\n", order=3, k=1.0)

    assert model.probability((START,), W0) == pytest.approx((2 + 1) / (2 + NUM_TYPES))


def test_add_k_never_predicts_the_start() -> None:
    assert estimated("w0\n", order=2).probability((W0,), START) == 0.0
