"""Prediction in batches of similar length, with the results in input order."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def predict_in_order(
    items: Iterable[Item],
    predict: Callable[[list[Item]], Sequence[Result]],
    *,
    size: Callable[[Item], int],
    batch_size: int,
    max_batch_size: int,
    read_ahead: int,
    empty: Result | None = None,
) -> Iterator[Result]:
    """Iterate over the predictions for items, in their order and in bounded memory.

    Items are sorted by size, so that a batch has little padding.

    Args:
        items: The items.
        predict: Returns the prediction for each item of a batch.
        size: Returns the size of an item, such as its number of words.
        batch_size: Largest number of items in a batch.
        max_batch_size: Largest size of a batch with padding; an item that is larger is a batch of
            its own.
        read_ahead: Number of items that are read before the first prediction is returned.
        empty: The prediction for items of size 0; they are predicted like others when None.

    Example:
        >>> words = ["dog", "a", "bird"]
        >>> found = predict_in_order(
        ...     words,
        ...     lambda batch: [word.upper() for word in batch],
        ...     size=len,
        ...     batch_size=2,
        ...     max_batch_size=100,
        ...     read_ahead=3,
        ... )
        >>> list(found)
        ['DOG', 'A', 'BIRD']
    """
    remaining = iter(items)
    while group := list(islice(remaining, read_ahead)):
        sizes = {place: size(item) for place, item in enumerate(group)}
        results: dict[int, Result] = {}
        if empty is not None:
            results = {place: empty for place, found_size in sizes.items() if found_size == 0}
            sizes = {place: sizes[place] for place in sizes.keys() - results.keys()}
        for places in _batches(sizes, batch_size=batch_size, max_batch_size=max_batch_size):
            found = predict([group[place] for place in places])
            results.update(zip(places, found, strict=True))
        yield from (results[place] for place in range(len(group)))


def _batches(
    sizes: Mapping[int, int], *, batch_size: int, max_batch_size: int
) -> Iterator[list[int]]:
    """Yield the places of the items of each batch, smallest items first.

    Args:
        sizes: Size of the item at each place.
        batch_size: Largest number of items in a batch.
        max_batch_size: Largest size of a batch with padding.
    """
    batch: list[int] = []
    for place in sorted(sizes, key=lambda place: (sizes[place], place)):
        is_full = len(batch) == batch_size
        if batch and (is_full or (len(batch) + 1) * sizes[place] > max_batch_size):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
