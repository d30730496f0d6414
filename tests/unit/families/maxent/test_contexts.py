import torch
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from nextword.families.maxent import ContextLists
from nextword.ngrams import (
    NOT_FOUND,
    NOTHING,
    Successors,
    count_ngrams,
    no_successors,
    sentences_of,
    successors_of,
)
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")
VOCAB_SIZE = TOKENIZER.vocab_size
ORDER = 4


def found(text: str) -> Successors:
    sentences = sentences_of(store_of(TOKENIZER, text), TOKENIZER)
    counts = count_ngrams(sentences, order=min(ORDER, sentences.longest))
    return successors_of(counts, order=ORDER, min_count=1)


def spelled(successors: Successors, length: int) -> list[tuple[int, ...]]:
    """The contexts of a length by rank."""
    contexts: list[tuple[int, ...]] = [(each,) for each in range(VOCAB_SIZE)]
    for keys in successors.keys[: length - 1]:
        contexts = [(*contexts[key // VOCAB_SIZE], key % VOCAB_SIZE) for key in keys.tolist()]
    return contexts


@given(texts(4), st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=12))
def test_match_finds_the_contexts_that_end_at_each_place(text: str, ids: list[int]) -> None:
    successors = found(text)

    matches = ContextLists(successors).match(torch.tensor([ids]))

    assert len(matches) == ORDER - 1
    for length, ranks in enumerate(matches, start=1):
        known = {context: rank for rank, context in enumerate(spelled(successors, length))}
        ended = [tuple(ids[max(0, end - length) : end]) for end in range(1, len(ids) + 1)]
        assert ranks.tolist() == [[known.get(context, NOT_FOUND) for context in ended]]


def test_match_rows_are_matched_alone() -> None:
    lists = ContextLists(found("w0 w1\n"))
    w0, w1 = (int(TOKENIZER.encode(word).ids[0]) for word in ("w0", "w1"))

    ranks = lists.match(torch.tensor([[NOTHING, w0], [w1, w1], [w0, w1]]))

    assert [row[1] >= 0 for row in ranks[1].tolist()] == [False, False, True]
    assert ranks[0].tolist() == [[NOT_FOUND, w0], [w1, w1], [w0, w1]]


@given(texts(4))
def test_lists_hold_what_followed_each_context(text: str) -> None:
    successors = found(text)
    lists = ContextLists(successors)

    for order in range(2, ORDER + 1):
        contexts = torch.arange(successors.num_contexts(order))
        each = lists.lists(order, contexts)
        spans = zip(each.begins.tolist(), each.counts.tolist(), strict=True)
        found_keys = [
            (context, key)
            for context, (begin, count) in enumerate(spans)
            for key in lists.keys[begin : begin + count].tolist()
        ]
        assert found_keys == [(key // VOCAB_SIZE, key) for key in lists.of(order).tolist()]


@given(texts(4))
def test_successors_come_back_as_they_were_handed_in(text: str) -> None:
    successors = found(text)

    back = ContextLists(successors).successors()

    assert {n: a.tolist() for n, a in back.arrays().items()} == {
        n: a.tolist() for n, a in successors.arrays().items()
    }


def test_lists_of_no_text_find_nothing() -> None:
    lists = ContextLists(no_successors(order=3, vocab_size=VOCAB_SIZE))

    one, two = lists.match(torch.tensor([[4, 5]]))

    assert lists.num_ngrams == 0
    assert two.tolist() == [[NOT_FOUND, NOT_FOUND]]
    assert lists.lists(2, one.flatten()).counts.tolist() == [0, 0]


def test_order_one_has_no_contexts() -> None:
    lists = ContextLists(no_successors(order=1, vocab_size=VOCAB_SIZE))

    assert lists.match(torch.tensor([[4, 5]])) == []
