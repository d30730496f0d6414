"""The sampled softmax estimates without bias in training and is exact elsewhere."""

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import FullSoftmax, SampledSoftmax
from nextword.layers.heads.sampled import draw_log_uniform, log_uniform

HIDDEN, VOCAB, NEVER = 4, 12, (0, 2)
CPU = torch.device("cpu")


def make(num_samples: int = 6) -> SampledSoftmax:
    torch.manual_seed(0)
    output = SampledSoftmax(HIDDEN, VOCAB, num_samples=num_samples, never_ids=NEVER).double()
    torch.nn.init.normal_(output.bias)
    return output


def hidden_of(num_positions: int) -> Tensor:
    return torch.randn(num_positions, HIDDEN, dtype=torch.float64)


def estimated_sums(output: SampledSoftmax, hidden: Tensor, target_id: int, ids: Tensor) -> Tensor:
    """Estimates of Z, one a row of draws: exp(nll) = Z / exp(o[target])."""
    target_ids = torch.full((len(hidden),), target_id)
    target_score = output.logits(hidden)[:, target_id]
    nll = torch.stack([output.sampled_nll(hidden, target_ids, sample_ids=row) for row in ids])
    return (nll + target_score).exp()


def test_sampled_nll_has_the_full_sum_as_its_mean() -> None:
    # With one draw, the mean over all draws can be worked out instead of waited for.
    output, hidden = make(), hidden_of(3)
    every_id = torch.arange(VOCAB)

    sums = estimated_sums(output, hidden, 5, every_id[:, None])

    mean = (log_uniform(every_id, VOCAB)[:, None] * sums).sum(dim=0)
    torch.testing.assert_close(mean, output.logits(hidden).exp().sum(dim=1))


@pytest.mark.parametrize("fault", ["no correction", "hits count twice"])
def test_sampled_nll_planted_fault_moves_the_mean(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    output, hidden = make(), hidden_of(3)
    every_id = torch.arange(VOCAB)
    chances = log_uniform(every_id, VOCAB)[:, None]
    if fault == "no correction":
        monkeypatch.setattr(
            "nextword.layers.heads.sampled.log_uniform",
            lambda ids, vocab_size: torch.ones(len(ids)),
        )
    else:
        monkeypatch.setattr(Tensor, "masked_fill", _masks_biases_alone)

    mean = (chances * estimated_sums(output, hidden, 5, every_id[:, None])).sum(dim=0)

    assert not torch.allclose(mean, output.logits(hidden).exp().sum(dim=1), rtol=1e-3)


def _masks_biases_alone(tensor: Tensor, mask: Tensor, value: float) -> Tensor:
    return tensor if tensor.ndim == 2 else torch.masked_fill(tensor, mask, value)


def test_sampled_nll_many_draws_come_near_the_full_loss_and_gradient() -> None:
    output, hidden = make(), hidden_of(5).requires_grad_()
    target_ids = torch.tensor([1, 3, 5, 7, 11])
    sample_ids = draw_log_uniform(200_000, VOCAB, device=CPU)

    nll = output.sampled_nll(hidden, target_ids, sample_ids=sample_ids)

    expected = FullSoftmax.nll(output, hidden, target_ids)
    torch.testing.assert_close(nll, expected, rtol=0.0, atol=0.02)
    (gradient,) = torch.autograd.grad(nll.sum(), hidden)
    (wanted,) = torch.autograd.grad(expected.sum(), hidden)
    torch.testing.assert_close(gradient, wanted, rtol=0.0, atol=0.02)


def make_of_size(num_samples: int) -> SampledSoftmax:
    return SampledSoftmax(HIDDEN, VOCAB, num_samples=num_samples)


@pytest.mark.parametrize("mode", ["evaluation", "without gradients"])
def test_sampled_softmax_outside_training_is_exact(mode: str) -> None:
    output, hidden = make(), hidden_of(5)
    target_ids = torch.tensor([1, 3, 5, 7, 11])
    output.train(mode == "without gradients")

    with torch.set_grad_enabled(mode == "evaluation"):
        nll = output.nll(hidden, target_ids)

    expected = -output.log_probs(hidden).gather(1, target_ids[:, None]).squeeze(1)
    torch.testing.assert_close(nll, expected)


def test_sampled_softmax_training_draws_anew_from_torchs_generator() -> None:
    output, hidden, target_ids = make(), hidden_of(1), torch.tensor([3])
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append([output.nll(hidden, target_ids).item() for _ in range(2)])

    assert losses[0] == losses[1] != losses[2]
    assert losses[0][0] != losses[0][1]


@pytest.mark.parametrize("sparse", [True, False])
def test_sampled_softmax_only_drawn_rows_and_targets_get_a_gradient(sparse: bool) -> None:
    output = make()
    output.sparse_gradients = sparse
    sample_ids, target_ids = torch.tensor([4, 1, 4, 0, 6, 1]), torch.tensor([3, 4])

    output.sampled_nll(hidden_of(2), target_ids, sample_ids=sample_ids).sum().backward()

    gradient = output.weight.grad
    assert gradient is not None
    assert gradient.is_sparse == sparse
    rows = gradient.to_dense().abs().sum(dim=1).nonzero().squeeze(1)
    assert rows.tolist() == [1, 3, 4, 6]  # 0 is never predicted


def test_sampled_softmax_sparse_gradient_equals_the_dense_one() -> None:
    gradients = []
    for sparse in (True, False):
        output = make()
        output.sparse_gradients = sparse
        torch.manual_seed(3)
        output.nll(hidden_of(7), torch.tensor([1, 3, 3, 4, 5, 11, 11])).sum().backward()
        assert output.weight.grad is not None
        gradients.append(output.weight.grad.to_dense())

    torch.testing.assert_close(*gradients)


def test_sampled_softmax_under_autocast_keeps_the_correction() -> None:
    torch.manual_seed(0)
    output = SampledSoftmax(HIDDEN, 100_000, num_samples=1000)
    hidden, target_ids = torch.randn(7, HIDDEN), torch.randint(100_000, (7,))
    sample_ids = draw_log_uniform(1000, 100_000, device=CPU)

    with torch.autocast("cpu", torch.bfloat16):
        nll = output.sampled_nll(hidden, target_ids, sample_ids=sample_ids)

    assert nll.dtype == torch.float32
    torch.testing.assert_close(
        nll, output.sampled_nll(hidden, target_ids, sample_ids=sample_ids), rtol=0.0, atol=5e-3
    )


def test_sampled_softmax_more_draws_than_words_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"num_samples is 13, but the vocabulary has 12 words"):
        make_of_size(13)


def test_log_uniform_falls_and_sums_to_one() -> None:
    chances = log_uniform(torch.arange(1000), 1000)

    torch.testing.assert_close(chances.sum(), torch.tensor(1.0, dtype=torch.float64))
    assert (chances.diff() < 0).all()


def test_draw_log_uniform_follows_its_chances() -> None:
    torch.manual_seed(0)
    drawn = draw_log_uniform(200_000, 9, device=CPU)

    shares = torch.bincount(drawn, minlength=9) / len(drawn)
    torch.testing.assert_close(
        shares.double(), log_uniform(torch.arange(9), 9), rtol=0.0, atol=5e-3
    )
