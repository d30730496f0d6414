"""Pooling of the vectors of words."""

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.tasks.classification.network.pooling import POOLINGS, Pooling


@pytest.fixture
def outputs() -> Tensor:
    return torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def pooling_of(kind: str, *, is_bidirectional: bool = True) -> Pooling:
    torch.manual_seed(2)
    return Pooling(kind, size=4, is_bidirectional=is_bidirectional).double()


def test_last_takes_the_last_word_forwards_and_the_first_word_backwards(outputs: Tensor) -> None:
    pooled = pooling_of("last")(outputs, torch.tensor([5, 2, 1]))

    for row, length in enumerate((5, 2, 1)):
        assert pooled[row, :2].equal(outputs[row, length - 1, :2])
        assert pooled[row, 2:].equal(outputs[row, 0, 2:])


def test_last_of_one_direction_takes_the_last_word(outputs: Tensor) -> None:
    pooled = pooling_of("last", is_bidirectional=False)(outputs, torch.tensor([5, 2, 1]))

    assert pooled[1].equal(outputs[1, 1])


def test_mean_and_max_are_those_of_the_words(outputs: Tensor) -> None:
    lengths = torch.tensor([5, 2, 1])
    for row, length in enumerate(lengths.tolist()):
        words = outputs[row, :length]
        torch.testing.assert_close(pooling_of("mean")(outputs, lengths)[row], words.mean(0))
        assert pooling_of("max")(outputs, lengths)[row].equal(words.max(0).values)


def test_attention_is_the_mean_with_softmax_weights(outputs: Tensor) -> None:
    pooling = pooling_of("attention")
    lengths = torch.tensor([5, 2, 1])
    assert pooling.scorer is not None

    pooled = pooling(outputs, lengths)

    weights = pooling.scorer(outputs[1, :2]).squeeze(1).softmax(0)
    torch.testing.assert_close(pooled[1], weights @ outputs[1, :2])


@pytest.mark.parametrize("kind", ["mean", "attention"])
def test_weights_sum_to_one_and_are_zero_for_padding(kind: str, outputs: Tensor) -> None:
    weights = pooling_of(kind).weights(outputs, torch.tensor([5, 2, 0]))

    torch.testing.assert_close(weights.sum(1), torch.tensor([1.0, 1.0, 0.0]).double())
    assert weights[1, 2:].eq(0.0).all()


@pytest.mark.parametrize("kind", POOLINGS)
def test_pooling_does_not_depend_on_padding(kind: str, outputs: Tensor) -> None:
    pooling, lengths = pooling_of(kind), torch.tensor([4, 2, 3])
    padded = torch.cat([outputs, torch.full((3, 7, 4), 1e6).double()], dim=1)

    torch.testing.assert_close(pooling(padded, lengths), pooling(outputs, lengths))


@pytest.mark.parametrize("kind", POOLINGS)
def test_pooling_of_no_words_is_zero_with_finite_gradients(kind: str, outputs: Tensor) -> None:
    inputs = outputs.clone().requires_grad_(True)

    pooled = pooling_of(kind)(inputs, torch.tensor([0, 2, 1]))
    pooled.sum().backward()

    assert pooled[0].eq(0.0).all()
    assert inputs.grad is not None
    assert torch.isfinite(inputs.grad).all()
    assert inputs.grad[0].eq(0.0).all()


@pytest.mark.parametrize("kind", POOLINGS)
def test_pooling_passes_gradcheck(kind: str, outputs: Tensor) -> None:
    pooling, lengths = pooling_of(kind), torch.tensor([5, 2, 1])

    assert torch.autograd.gradcheck(
        lambda inputs: pooling(inputs, lengths), [outputs.requires_grad_(True)]
    )


def test_pooling_refuses_an_unknown_kind() -> None:
    with pytest.raises(ConfigError, match="pooling is 'sum'"):
        Pooling("sum", size=4)
