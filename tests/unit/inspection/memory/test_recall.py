import pytest

from fakes import store_of, tokenizer_of
from nextword.base import DataError
from nextword.families import NgramConfig, train_ngram
from nextword.inspection.memory import RecallItem, read_recall_items, recall
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, TokenizerKind

TEXT = "ann has a red hat . ann has a red hat .\n" * 20


def ngram(kind: TokenizerKind, order: int) -> tuple[LanguageModel, Tokenizer]:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    return train_ngram(
        store_of(tokenizer, TEXT), tokenizer, config=NgramConfig(order=order)
    ), tokenizer


@pytest.mark.parametrize(("kind", "order"), [("word", 3), ("character", 6), ("bpe", 4)])
def test_word_that_follows_is_recalled_and_another_is_not(kind: TokenizerKind, order: int) -> None:
    model, tokenizer = ngram(kind, order)
    items = [
        RecallItem(context="ann has a red", word="hat"),
        RecallItem(context="ann has a red ", word="ann"),
    ]

    found = recall(model, tokenizer, items=items)

    right, wrong = found.scores
    assert right.is_correct
    assert right.nll is not None
    assert wrong.rank is not None
    assert wrong.rank > 1
    assert found.accuracy == 0.5


def test_distance_is_that_of_the_last_occurrence_as_a_word() -> None:
    model, tokenizer = ngram("word", 3)
    items = [
        RecallItem(context="ann has a ann hat a", word="ann"),
        RecallItem(context="has a", word="ann"),
        RecallItem(context="has a", word="ann", distance=40),
    ]

    found = recall(model, tokenizer, items=items)

    assert [score.distance for score in found.scores] == [3, None, 40]
    assert [(group.first, group.num_items) for group in found.groups] == [
        (3, 1),
        (40, 1),
        (None, 1),
    ]


def test_many_distances_are_grouped_by_powers_of_two() -> None:
    model, tokenizer = ngram("word", 2)
    items = [RecallItem(context="a", word="hat", distance=each) for each in range(1, 40)]

    found = recall(model, tokenizer, items=items)

    assert [(group.first, group.last) for group in found.groups] == [
        *((1, 1), (2, 3), (4, 7)),
        *((8, 15), (16, 31), (32, 39)),
    ]


def test_word_outside_the_vocabulary_counts_as_wrong() -> None:
    model, tokenizer = ngram("word", 2)

    found = recall(model, tokenizer, items=[RecallItem(context="a red", word="zebra")])

    assert found.num_unknown == 1
    assert found.accuracy == 0.0
    assert found.groups[0].mean_reciprocal_rank == 0.0
    assert found.to_dict()["accuracy"] == 0.0


def test_items_have_an_optional_distance() -> None:
    items = read_recall_items("a b\tc\n\nd\te\t12\r\n", name="items.tsv")

    assert items == [
        RecallItem(context="a b", word="c"),
        RecallItem(context="d", word="e", distance=12),
    ]


@pytest.mark.parametrize("line", ["no tab", "a\t", "\tb", "a\tb\tfar", "a\tb\t1\t2"])
def test_other_lines_are_refused_with_their_number(line: str) -> None:
    with pytest.raises(DataError, match=r"line 2 of items.tsv is not context, tab, word"):
        read_recall_items(f"a\tb\n{line}\n", name="items.tsv")


def test_file_without_items_is_refused() -> None:
    with pytest.raises(DataError, match=r"items.tsv has no items"):
        read_recall_items("\n", name="items.tsv")
