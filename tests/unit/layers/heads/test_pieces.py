import pytest
import torch
from torch import Tensor

from nextword.layers.heads import pieces
from nextword.layers.heads.pieces import nll_in_pieces


@pytest.mark.parametrize(
    ("max_scores", "sizes"), [(1, [1] * 5), (20, [2, 2, 1]), (2**24, [5])], ids=str
)
def test_nll_in_pieces_holds_few_scores_and_keeps_the_order(
    monkeypatch: pytest.MonkeyPatch, max_scores: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(pieces, "MAX_SCORES", max_scores)
    seen = []

    def nll(hidden: Tensor, target_ids: Tensor) -> Tensor:
        seen.append(len(hidden))
        return hidden[:, 0] + target_ids

    hidden, target_ids = torch.arange(5.0)[:, None], torch.arange(5)
    scored = nll_in_pieces(nll, hidden, target_ids=target_ids, scores_per_position=10)

    assert seen == sizes
    assert scored.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
