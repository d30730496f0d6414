import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import Dropout, LockedDropout, drop_tokens, keep_mask, kernel_dropout

KINDS = [Dropout, LockedDropout]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
COUNT = 200_000


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.5, 0.65, 0.95])
def test_keep_mask_share_is_within_four_deviations(probability: float) -> None:
    mask = keep_mask((COUNT,), probability=probability, like=torch.zeros(1))

    rounded = round(256 * probability) / 256
    dropped = float((mask == 0).float().mean())
    assert abs(rounded - probability) <= 1 / 512
    assert abs(dropped - rounded) < 4 * math.sqrt(rounded * (1 - rounded) / COUNT)


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.5, 0.65, 0.95])
def test_keep_mask_mean_is_one(probability: float) -> None:
    mask = keep_mask((COUNT,), probability=probability, like=torch.zeros(1, dtype=torch.float64))

    deviation = math.sqrt(probability / (1 - probability) / COUNT)
    assert abs(float(mask.mean()) - 1.0) < 4 * deviation


def test_keep_mask_neighbours_are_independent() -> None:
    dropped = (keep_mask((COUNT,), probability=0.5, like=torch.zeros(1)) == 0).double()

    for distance in (1, 2, 4, 7, 8, 64):
        agreement = float((dropped[distance:] == dropped[:-distance]).double().mean())
        assert abs(agreement - 0.5) < 4 * 0.5 / math.sqrt(COUNT)


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.floats(0.0, 0.999),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
)
def test_keep_mask_has_shape_and_type_and_two_values(
    shape: list[int], probability: float, dtype: torch.dtype
) -> None:
    mask = keep_mask(tuple(shape), probability=probability, like=torch.zeros(1, dtype=dtype))

    assert mask.shape == torch.Size(shape)
    assert mask.dtype == dtype
    assert len(set(mask.flatten().tolist()) - {0.0}) <= 1


def test_keep_mask_follows_the_seed() -> None:
    like = torch.zeros(1)
    masks = [
        keep_mask((64,), probability=0.5, like=like)
        for seed in (5, 5, 6)
        if torch.manual_seed(seed)
    ]

    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


@kinds
def test_dropout_training_keeps_the_mean(kind: type[Dropout]) -> None:
    outputs = kind(0.3).train()(torch.ones(400, 5, 100))

    assert outputs.mean().item() == pytest.approx(1.0, abs=0.02)


@kinds
def test_dropout_evaluation_is_the_identity(kind: type[Dropout]) -> None:
    inputs = torch.randn(2, 3, 4)

    assert torch.equal(kind(0.9).eval()(inputs), inputs)


@kinds
def test_dropout_probability_zero_is_the_identity_and_draws_nothing(kind: type[Dropout]) -> None:
    inputs = torch.randn(2, 3, 4)
    before = torch.get_rng_state()

    assert torch.equal(kind(0.0).train()(inputs), inputs)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture(params=["kernels", "torch"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernels, where they are installed, and without."""
    if request.param == "torch":
        monkeypatch.setattr(kernel_dropout, "kernels_are_installed", lambda: False)


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
def test_dropout_drops_its_share_and_scales_the_rest(dtype: torch.dtype) -> None:
    outputs = Dropout(0.25).train()(torch.ones(20, 100, 100, dtype=dtype))

    assert outputs.dtype == dtype
    assert set(outputs.unique().tolist()) == {0.0, torch.tensor(4 / 3, dtype=dtype).item()}
    share = (outputs == 0).double().mean().item()
    assert abs(share - 0.25) <= 4 * math.sqrt(0.25 * 0.75 / outputs.numel())


@pytest.mark.usefixtures("_either_way")
def test_dropout_follows_the_seed_and_draws_anew() -> None:
    dropout, inputs = Dropout(0.5).train(), torch.ones(3, 1, 70)
    first, second = dropout(inputs), dropout(inputs)
    torch.manual_seed(0)

    assert torch.equal(dropout(inputs), first)
    assert not torch.equal(first, second)


@pytest.mark.usefixtures("_either_way")
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_dropout_in_any_order_of_memory_has_one_mask_both_ways(order: tuple[int, ...]) -> None:
    inputs = torch.ones(3, 5, 40).permute(order).requires_grad_()

    outputs = Dropout(0.5).train()(inputs)
    (gradient,) = torch.autograd.grad(outputs, inputs, torch.ones(outputs.shape))

    assert outputs.stride() == inputs.stride()
    assert torch.equal(gradient, outputs.detach())


@pytest.mark.usefixtures("_either_way")
def test_dropout_gradient_has_a_gradient() -> None:
    inputs = torch.rand(4, 2, 6, requires_grad=True) + 0.5
    outputs = Dropout(0.5).train()(inputs)

    (gradient,) = torch.autograd.grad((outputs**2).sum(), inputs, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), inputs)

    mask = outputs.detach() / inputs.detach()
    torch.testing.assert_close(second, 2 * mask**2)


@kinds
def test_dropout_gradient_is_the_mask(kind: type[Dropout]) -> None:
    inputs = torch.ones(2, 3, 40, requires_grad=True)

    outputs = kind(0.5).train()(inputs)
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)

    assert torch.equal(gradient, outputs.detach())


def test_locked_dropout_mask_is_the_same_at_every_step() -> None:
    outputs = LockedDropout(0.5).train()(torch.ones(3, 7, 40))

    assert torch.equal(outputs, outputs[:, :1].expand_as(outputs))


def test_locked_dropout_rows_and_calls_have_masks_of_their_own() -> None:
    dropout = LockedDropout(0.5).train()

    first, second = dropout(torch.ones(3, 2, 40)), dropout(torch.ones(3, 2, 40))

    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, second)


def test_dropout_mask_differs_between_steps() -> None:
    outputs = Dropout(0.5).train()(torch.ones(3, 7, 40))

    assert not torch.equal(outputs[:, 0], outputs[:, 1])


@kinds
@pytest.mark.parametrize("probability", [-0.1, 1.0, 1.5, math.nan])
def test_dropout_probability_outside_is_refused(kind: type[Dropout], probability: float) -> None:
    with pytest.raises(ConfigError, match=rf"a dropout probability is {probability}; .*\[0, 1\)"):
        kind(probability)


def dropped_words(token_ids: Tensor, embeddings: Tensor) -> dict[int, set[bool]]:
    """Of each word, whether it was zero at each of its places."""
    seen: dict[int, set[bool]] = {}
    for word, vector in zip(token_ids.flatten().tolist(), embeddings.flatten(0, 1), strict=True):
        seen.setdefault(word, set()).add(bool((vector == 0).all()))
    return seen


def test_drop_tokens_drops_whole_words_wherever_they_stand() -> None:
    token_ids = torch.randint(50, (4, 60))

    vectors = drop_tokens(torch.ones(4, 60, 6), token_ids, vocab_size=50, probability=0.5)

    seen = dropped_words(token_ids, vectors)
    assert all(len(states) == 1 for states in seen.values())
    assert {True in states for states in seen.values()} == {True, False}


def test_drop_tokens_scales_the_words_that_stay() -> None:
    token_ids = torch.randint(50, (4, 60))

    vectors = drop_tokens(torch.ones(4, 60, 6), token_ids, vocab_size=50, probability=0.5)

    assert set(vectors.flatten().tolist()) == {0.0, 2.0}


def test_drop_tokens_without_dropout_draws_nothing() -> None:
    vectors, token_ids = torch.randn(2, 2, 3), torch.tensor([[4, 0], [2, 2]])
    before = torch.get_rng_state()

    assert drop_tokens(vectors, token_ids, vocab_size=5, probability=0.0) is vectors
    assert torch.equal(torch.get_rng_state(), before)
