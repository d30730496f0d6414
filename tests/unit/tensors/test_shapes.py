import pytest
import torch
from jaxtyping import TypeCheckError

from nextword.models import scored


def test_shape_aliases_wrong_rank_is_caught_in_tests() -> None:
    with pytest.raises(TypeCheckError):
        scored(torch.zeros(3, dtype=torch.int64), None, mask=None)


def test_shape_aliases_axes_that_disagree_are_caught_in_tests() -> None:
    token_ids = torch.zeros(3, 4, dtype=torch.int64)

    with pytest.raises(TypeCheckError):
        scored(token_ids, torch.zeros(2, dtype=torch.int64), mask=None)
