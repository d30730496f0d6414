import math

import pytest
import torch
from torch import nn

from nextword.base import ShapeError
from nextword.layers import FullSoftmax
from nextword.layers.heads import pieces
from nextword.layers.heads.losses import linear_nll

HIDDEN, VOCAB, NEVER = 5, 11, (0, 3)


def make(**options: object) -> FullSoftmax:
    torch.manual_seed(0)
    output = FullSoftmax(HIDDEN, VOCAB, **{"never_ids": NEVER, **options})  # type: ignore[arg-type]
    return output.double()


def hidden_of(num_positions: int) -> torch.Tensor:
    return torch.randn(num_positions, HIDDEN, dtype=torch.float64)


def targets_of(num_positions: int) -> torch.Tensor:
    allowed = torch.tensor([i for i in range(VOCAB) if i not in NEVER])
    return allowed[torch.randint(len(allowed), (num_positions,))]


@pytest.mark.parametrize("num_positions", [0, 1, 63])
def test_full_softmax_log_probs_sum_to_one(num_positions: int) -> None:
    probabilities = make().log_probs(hidden_of(num_positions)).exp()

    total = probabilities.sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-12, atol=1e-12)


def test_full_softmax_never_ids_have_probability_zero_exactly() -> None:
    probabilities = make().log_probs(hidden_of(63)).exp()

    assert (probabilities[:, NEVER] == 0.0).all()
    assert (probabilities.sum(0) > 0).sum() == VOCAB - len(NEVER)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
    ids=str,
)
def test_full_softmax_log_probs_are_at_least_float32(
    dtype: torch.dtype, expected: torch.dtype
) -> None:
    assert make().to(dtype).log_probs(hidden_of(2).to(dtype)).dtype == expected


@pytest.mark.parametrize("with_gradients", [True, False])
@pytest.mark.parametrize("max_scores", [1, 3 * VOCAB, 2**24])
@pytest.mark.parametrize("num_positions", [0, 1, 8])
def test_full_softmax_nll_equals_the_gathered_log_probs(
    monkeypatch: pytest.MonkeyPatch, num_positions: int, max_scores: int, with_gradients: bool
) -> None:
    monkeypatch.setattr(pieces, "MAX_SCORES", max_scores)
    output, hidden, target_ids = make(), hidden_of(num_positions), targets_of(num_positions)

    with torch.set_grad_enabled(with_gradients):
        nll = output.nll(hidden, target_ids)

    expected = -output.log_probs(hidden).gather(1, target_ids[:, None]).squeeze(1)
    assert nll.requires_grad == with_gradients
    torch.testing.assert_close(nll, expected, rtol=1e-12, atol=1e-12, check_stride=False)


def test_full_softmax_nll_without_gradients_never_holds_all_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pieces, "MAX_SCORES", 3 * VOCAB)
    output, seen = make(), []

    def note(hidden: torch.Tensor, weight: torch.Tensor, **others: torch.Tensor) -> torch.Tensor:
        seen.append(len(hidden))
        return linear_nll(hidden, weight, **others)

    monkeypatch.setattr("nextword.layers.heads.full.linear_nll", note)

    with torch.no_grad():
        output.nll(hidden_of(8), targets_of(8))

    assert seen == [3, 3, 2]


def test_full_softmax_nll_of_a_never_id_is_infinite() -> None:
    assert make().nll(hidden_of(1), torch.tensor([3])).item() == math.inf


def test_full_softmax_nll_gives_never_ids_no_gradient() -> None:
    output = make()

    output.nll(hidden_of(8), targets_of(8)).sum().backward()

    assert output.bias.grad is not None
    assert output.weight.grad is not None
    assert not output.bias.grad[list(NEVER)].any()
    assert not output.weight.grad[list(NEVER)].any()
    assert output.weight.grad.isfinite().all()


def test_full_softmax_tied_weight_is_the_same_parameter() -> None:
    table = nn.Parameter(torch.randn(VOCAB, HIDDEN))

    output = FullSoftmax(HIDDEN, VOCAB, tied_weight=table)

    assert output.weight is table


@pytest.mark.parametrize("shape", [(VOCAB, HIDDEN + 1), (VOCAB - 1, HIDDEN), (HIDDEN, VOCAB)])
def test_full_softmax_tied_weight_of_other_sizes_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(
        ShapeError, match=r"tied embedding has shape .*; the output needs \(11, 5\)"
    ):
        FullSoftmax(HIDDEN, VOCAB, tied_weight=nn.Parameter(torch.zeros(shape)))


def test_full_softmax_starts_with_zero_bias_and_small_weights() -> None:
    output = make()

    assert not output.bias.any()
    assert 0 < output.weight.abs().max() <= HIDDEN**-0.5


def test_full_softmax_never_ids_are_no_weight_to_save() -> None:
    assert set(make().state_dict()) == {"weight", "bias"}
