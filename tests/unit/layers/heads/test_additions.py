import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nextword.layers import Additions, FullSoftmax
from nextword.layers.heads import pieces
from nextword.layers.heads.additions import added
from nextword.layers.heads.losses import linear_nll

VOCAB_SIZE, HIDDEN_SIZE = 11, 3


def make(num_positions: int, *, num_entries: int = 20) -> tuple[FullSoftmax, Tensor, Additions]:
    """An output in float64, hidden vectors, and additions of which some share a place."""
    torch.manual_seed(0)
    output = FullSoftmax(HIDDEN_SIZE, VOCAB_SIZE, never_ids=(0,)).double()
    hidden = torch.randn(num_positions, HIDDEN_SIZE, dtype=torch.float64, requires_grad=True)
    num_entries = num_entries if num_positions else 0
    scores = torch.randn(num_entries, dtype=torch.float64, requires_grad=True)
    places = torch.randint(max(1, num_positions * VOCAB_SIZE), (num_entries,))
    return output, hidden, Additions(places=places, scores=scores, vocab_size=VOCAB_SIZE)


def dense(additions: Additions, num_positions: int) -> Tensor:
    table = additions.scores.new_zeros(num_positions * VOCAB_SIZE)
    return table.index_add(0, additions.places, additions.scores).view(-1, VOCAB_SIZE)


def by_hand(output: FullSoftmax, hidden: Tensor, additions: Additions) -> Tensor:
    return (output.logits(hidden) + dense(additions, len(hidden))).log_softmax(1)


@pytest.mark.parametrize("num_positions", [0, 1, 7])
def test_added_log_probs_are_those_of_a_dense_sum(num_positions: int) -> None:
    output, hidden, additions = make(num_positions)

    log_probs = output.added_log_probs(hidden, additions)

    torch.testing.assert_close(log_probs, by_hand(output, hidden, additions))
    assert torch.equal(log_probs[:, 0], torch.full((num_positions,), -math.inf).double())
    sums = log_probs.exp().sum(1)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=1e-12, atol=0)


@pytest.mark.parametrize("num_positions", [1, 7])
def test_added_nll_and_its_gradients_are_those_of_a_dense_sum(num_positions: int) -> None:
    output, hidden, additions = make(num_positions)
    target_ids = torch.randint(1, VOCAB_SIZE, (num_positions,))
    weights = [hidden, additions.scores, output.weight, output.bias]

    nll = output.added_nll(hidden, target_ids, additions=additions)
    found = torch.autograd.grad(nll.mean(), weights)

    expected = functional.nll_loss(by_hand(output, hidden, additions), target_ids, reduction="none")
    wanted = torch.autograd.grad(expected.mean(), weights)
    torch.testing.assert_close(nll, expected)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_added_nll_without_gradients_is_made_in_pieces(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, hidden, additions = make(7)
    target_ids = torch.randint(1, VOCAB_SIZE, (7,))
    monkeypatch.setattr(pieces, "MAX_SCORES", rows * VOCAB_SIZE)
    seen: list[int] = []

    def note(part: Tensor, weight: Tensor, **others: Any) -> Tensor:
        seen.append(len(part))
        return linear_nll(part, weight, **others)

    monkeypatch.setattr("nextword.layers.heads.full.linear_nll", note)

    with torch.no_grad():
        nll = output.added_nll(hidden, target_ids, additions=additions)

    assert max(seen) == min(7, rows)
    expected = by_hand(output, hidden, additions)
    torch.testing.assert_close(nll, functional.nll_loss(expected, target_ids, reduction="none"))


def test_added_nll_of_no_position_is_empty() -> None:
    output, hidden, additions = make(0)
    nothing = torch.zeros(0, dtype=torch.int64)

    with torch.no_grad():
        assert output.added_nll(hidden, nothing, additions=additions).shape == (0,)
    assert output.added_nll(hidden, nothing, additions=additions).shape == (0,)


def test_added_bfloat16_scores_are_summed_in_float32() -> None:
    logits = torch.full((1, 2), 100.0, dtype=torch.bfloat16, requires_grad=True)
    scores = torch.tensor([0.125, 0.125], requires_grad=True)
    additions = Additions(places=torch.tensor([1, 1]), scores=scores, vocab_size=2)

    total = added(logits, additions)
    total.sum().backward()

    assert total.tolist() == [[100.0, 100.25]]
    assert (logits.grad.dtype, scores.grad.dtype) == (torch.bfloat16, torch.float32)
    assert scores.grad.tolist() == [1.0, 1.0]


def test_added_leaves_the_scores_of_the_output_as_they_were() -> None:
    logits = torch.zeros(2, VOCAB_SIZE)
    additions = Additions(places=torch.tensor([3]), scores=torch.ones(1), vocab_size=VOCAB_SIZE)

    added(logits, additions)

    assert not logits.any()


def test_between_gives_the_entries_of_some_positions() -> None:
    additions = Additions(places=torch.tensor([5, 3, 8, 2]), scores=torch.arange(4.0), vocab_size=3)

    part = additions.between(1, 2)

    assert part.places.tolist() == [2, 0]
    assert part.scores.tolist() == [0.0, 1.0]
