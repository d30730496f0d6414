import pytest
import torch

from nextword.base import ShapeError
from nextword.generation.rows.fed_rows import padded_rows


def test_padded_rows_of_lists_have_their_lengths() -> None:
    token_ids, lengths = padded_rows([[4, 5], [], [6]], None, padding_id=1)

    assert token_ids.tolist() == [[4, 5], [1, 1], [6, 1]]
    assert lengths.tolist() == [2, 0, 1]


@pytest.mark.parametrize(("rows", "shape"), [([], (0, 0)), ([[], []], (2, 0))])
def test_padded_rows_without_ids_are_empty(rows: list[list[int]], shape: tuple[int, int]) -> None:
    token_ids, lengths = padded_rows(rows, None, padding_id=1)

    assert token_ids.shape == shape
    assert token_ids.dtype == lengths.dtype == torch.int64


@pytest.mark.parametrize(
    "rows",
    [
        [4, 5],
        [[[4]], [[5]]],
        [[4.5], [4.0]],
        [[True], [False]],
        torch.tensor([4, 5]),
        torch.tensor([[4.0]]),
        torch.tensor([[True]]),
    ],
)
def test_padded_rows_that_are_no_rows_of_ids_are_refused(rows: object) -> None:
    with pytest.raises(ShapeError, match=r"integers are expected, as .* or as one list a row"):
        padded_rows(rows, None, padding_id=1)  # type: ignore[arg-type]
