import pytest
import torch

from nextword.families.window import side_by_side


@pytest.mark.parametrize(("count", "step"), [(1, 1), (3, 1), (3, 2), (2, 4), (5, 1)])
def test_side_by_side_puts_the_oldest_first(count: int, step: int) -> None:
    vectors = torch.randn(2, 9, 3)

    joined = side_by_side(vectors, count=count, step=step)

    reach = (count - 1) * step
    expected = [
        torch.cat([vectors[:, last - back * step] for back in reversed(range(count))], dim=1)
        for last in range(reach, 9)
    ]
    assert torch.equal(joined, torch.stack(expected, dim=1))


@pytest.mark.parametrize("num_places", [0, 1, 3])
def test_side_by_side_when_no_window_fits_gives_none(num_places: int) -> None:
    joined = side_by_side(torch.randn(2, num_places, 3), count=4)

    assert joined.shape == (2, 0, 12)
