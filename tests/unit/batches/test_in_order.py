"""Prediction in batches of similar size, in input order."""

import pytest

from nextword.batches import predict_in_order


def predicted(
    words: list[str], *, batch_size: int = 3, max_batch_size: int = 100, **arguments: object
) -> tuple[list[str], list[list[str]]]:
    """The predictions, and the batches that were predicted."""
    batches: list[list[str]] = []

    def predict(batch: list[str]) -> list[str]:
        batches.append(batch)
        return [word.upper() for word in batch]

    found = predict_in_order(
        words,
        predict,
        size=len,
        batch_size=batch_size,
        max_batch_size=max_batch_size,
        **{"read_ahead": 8, **arguments},
    )
    return list(found), batches


@pytest.mark.parametrize("read_ahead", [1, 2, 8])
def test_predict_in_order_returns_the_order_of_the_items(read_ahead: int) -> None:
    words = ["dog", "a", "birds", "", "cat"]

    found, _ = predicted(words, read_ahead=read_ahead)

    assert found == ["DOG", "A", "BIRDS", "", "CAT"]


def test_predict_in_order_batches_items_of_similar_size() -> None:
    _, batches = predicted(["dog", "a", "birds", "be"], batch_size=2)

    assert batches == [["a", "be"], ["dog", "birds"]]


def test_predict_in_order_padding_counts_and_a_large_item_is_alone() -> None:
    _, batches = predicted(["a", "bb", "ccc", "x" * 50], max_batch_size=4)

    assert batches == [["a", "bb"], ["ccc"], ["x" * 50]]


def test_predict_in_order_empty_items_are_not_predicted() -> None:
    found, batches = predicted(["", "dog", ""], empty="-")

    assert found == ["-", "DOG", "-"]
    assert batches == [["dog"]]


def test_predict_in_order_reads_no_further_than_it_must() -> None:
    read: list[int] = []
    items = (read.append(number) or number for number in range(100))

    found = predict_in_order(items, list, size=int, batch_size=4, max_batch_size=1000, read_ahead=5)

    assert next(found) == 0
    assert read == [0, 1, 2, 3, 4]
