"""The features against sets and loops; their gradient against autograd on a dense table."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fakes import random_text, store_of, tokenizer_of
from naive_features import naive_additions, naive_ngrams_of, naive_slot
from naive_ngrams import Ngram, split_sentences
from nextword.base import ConfigError
from nextword.families.maxent import FeatureTable
from nextword.ngrams import NOTHING, count_ngrams, sentences_of, successors_of
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")
VOCAB_SIZE, BOUNDARY_ID = TOKENIZER.vocab_size, TOKENIZER.boundary_id
NUM_SLOTS = 29


def naive_ngrams(text: str, *, order: int) -> set[Ngram]:
    store = store_of(TOKENIZER, text)
    starts = store.unit_starts("line", TOKENIZER.line_end_ids)[:-1].tolist()
    return set(naive_ngrams_of(split_sentences(store.ids.tolist(), starts), order=order))


def make(text: str, *, order: int = 4, table_size: int = NUM_SLOTS) -> FeatureTable:
    torch.manual_seed(0)
    features = FeatureTable(
        vocab_size=VOCAB_SIZE,
        boundary_id=BOUNDARY_ID,
        start_id=TOKENIZER.sentence_start_id,
        order=order,
        table_size=table_size,
    ).double()
    sentences = sentences_of(store_of(TOKENIZER, text), TOKENIZER)
    counts = count_ngrams(sentences, order=min(order, sentences.longest))
    features.replace(successors_of(counts, order=order, min_count=1))
    torch.nn.init.normal_(features.weight)
    return features


def dense(features: FeatureTable, rows: list[list[int]], *, num_before: int) -> torch.Tensor:
    """What is added after each of the last ids of each row, (batch, time, vocab)."""
    words = torch.tensor(rows)
    num_steps = words.shape[1] - num_before
    additions = features(words, None, num_steps=num_steps)
    table = torch.zeros(len(rows) * num_steps * VOCAB_SIZE, dtype=torch.float64)
    table = table.index_add(0, additions.places, additions.scores)
    return table.view(len(rows), num_steps, VOCAB_SIZE)


@given(
    texts(4),
    st.integers(1, 9),
    st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=12),
)
def test_features_equal_those_of_a_loop(text: str, order: int, ids: list[int]) -> None:
    features = make(text, order=order)
    before = max(0, order - 2)

    added = dense(features, [[NOTHING] * before + ids], num_before=before)

    known = naive_ngrams_of_text(text, order)
    for time in range(len(ids)):
        expected = naive_additions(
            known,
            ids[: time + 1],
            features.weight.tolist(),
            boundary_id=BOUNDARY_ID,
            order=order,
            vocab_size=VOCAB_SIZE,
        )
        torch.testing.assert_close(added[0, time], torch.tensor(expected, dtype=torch.float64))


def naive_ngrams_of_text(text: str, order: int) -> dict[Ngram, int]:
    return dict.fromkeys(naive_ngrams(text, order=order), 1)


def test_features_of_counted_places_are_numbered_by_them_alone() -> None:
    features = make(random_text(20, num_words=4))
    words = torch.randint(VOCAB_SIZE, (3, 7))
    counted = torch.rand(3, 5) < 0.5

    some = features(words, counted, num_steps=5)

    table = torch.zeros(int(counted.sum()) * VOCAB_SIZE, dtype=torch.float64)
    table = table.index_add(0, some.places, some.scores).view(-1, VOCAB_SIZE)
    everything = dense(features, words.tolist(), num_before=2)
    torch.testing.assert_close(table, everything[counted], rtol=0, atol=0)


def test_features_gradient_is_that_of_a_dense_table() -> None:
    text = random_text(12, num_words=4)
    features = make(text)
    words = torch.randint(VOCAB_SIZE, (2, 9))
    weigh = torch.randn(2, 7, VOCAB_SIZE, dtype=torch.float64)

    (dense(features, words.tolist(), num_before=2) * weigh).sum().backward()

    copy = features.weight.detach().clone().requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    known = naive_ngrams(text, order=4)
    for row in range(2):
        for time in range(7):
            read = [2 if each == BOUNDARY_ID else each for each in words[row].tolist()]
            for length in range(1, 4):
                context = tuple(read[2 + time + 1 - length : 2 + time + 1])
                for word in range(VOCAB_SIZE):
                    if (*context, word) in known:
                        slot = naive_slot(
                            (*context, word), num_slots=NUM_SLOTS, vocab_size=VOCAB_SIZE
                        )
                        total = total + copy[slot] * weigh[row, time, word]
    total.backward()
    assert features.weight.grad is not None
    assert features.weight.grad.is_sparse
    torch.testing.assert_close(features.weight.grad.to_dense(), copy.grad)


def test_features_that_no_text_was_read_for_add_nothing() -> None:
    features = FeatureTable(vocab_size=8, boundary_id=3, start_id=2, order=4, table_size=8)

    additions = features(torch.tensor([[NOTHING, 4, 5]]), None, num_steps=1)

    assert len(additions.places) == len(additions.scores) == 0


def test_replace_keeps_the_weight_of_an_ngram() -> None:
    features, both = make("w0 w1 w2\n"), make("w3 w3 w0\nw0 w1 w2\nw2 w1 w0\n")
    ids = [[NOTHING, BOUNDARY_ID, *store_of(TOKENIZER, "w0 w1").ids.tolist()]]
    [known] = dense(features, ids, num_before=2)

    features.replace(both.contexts.successors())

    seen = known != 0
    assert seen.any()
    torch.testing.assert_close(dense(features, ids, num_before=2)[0][seen], known[seen])


@given(texts(4), st.integers(1, 5), st.integers(VOCAB_SIZE, 60))
def test_shared_slots_are_counted_as_in_a_loop(text: str, order: int, table_size: int) -> None:
    shared = make(text, order=order, table_size=table_size).shared_slots()

    slots = [
        naive_slot(ngram, num_slots=table_size, vocab_size=VOCAB_SIZE)
        for ngram in naive_ngrams(text, order=order)
    ]
    assert shared.num_features == len(slots)
    assert shared.num_slots == (table_size if order > 1 else 0)
    assert shared.num_sharing == sum(slots.count(slot) > 1 for slot in slots)
    assert shared.share == pytest.approx(shared.num_sharing / max(1, len(slots)))


@pytest.mark.parametrize("order", [0, 10])
def test_features_order_out_of_range_is_refused(order: int) -> None:
    message = f"model.order is {order}; it must be at least 1 and at most 9."

    with pytest.raises(ConfigError, match=re.escape(message)):
        make("w0\n", order=order)


def test_features_table_smaller_than_the_vocabulary_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.table_size is 7, but .* 8 slots") as refused:
        make("w0\n", table_size=7)

    assert "model.table_size to 8 or more" in refused.value.help
