import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from nextword.optim import WeightAverage


def model_of(value: float = 0.0) -> nn.Linear:
    model = nn.Linear(2, 3).double()
    set_weights(model, value)
    return model


@torch.no_grad()
def set_weights(model: nn.Linear, value: float) -> None:
    for index, parameter in enumerate(model.parameters()):
        parameter.fill_(value + index)


def weights(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def updated(average: WeightAverage, model: nn.Linear, values: list[float]) -> None:
    for value in values:
        set_weights(model, value)
        average.update()


@settings(max_examples=30)
@given(st.lists(st.floats(-5.0, 5.0), max_size=40), st.floats(0.01, 0.999))
def test_weight_average_equals_a_plain_loop(values: list[float], decay: float) -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=decay)

    updated(average, model, values)

    expected = 1.0
    for count, value in enumerate(values, start=1):
        memory = min(decay, count / (count + 10))
        expected = memory * expected + (1 - memory) * value
    with average.applied():
        assert model.weight[0, 0].item() == pytest.approx(expected, abs=1e-9)
        assert model.bias[0].item() == pytest.approx(expected + 1, abs=1e-9)


def test_weight_average_applied_swaps_back() -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.9)
    updated(average, model, [3.0])
    before = weights(model)

    with average.applied():
        inside = weights(model)

    assert not any(torch.equal(one, other) for one, other in zip(inside, before, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(weights(model), before, strict=True))


def test_weight_average_applied_swaps_back_on_an_error_and_keeps_the_average() -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.9)
    updated(average, model, [3.0])
    before, kept = weights(model), average.state_tensors()["average.weight"].clone()

    with pytest.raises(KeyboardInterrupt), average.applied():
        raise KeyboardInterrupt

    assert all(torch.equal(one, other) for one, other in zip(weights(model), before, strict=True))
    assert torch.equal(average.state_tensors()["average.weight"], kept)


def test_weight_average_decay_zero_does_nothing() -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.0)
    updated(average, model, [3.0])
    before = weights(model)

    with average.applied():
        inside = weights(model)

    assert all(torch.equal(one, other) for one, other in zip(inside, before, strict=True))
    assert set(average.state_tensors()) == {"average_updates"}


def test_weight_average_shared_weight_is_averaged_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight

    names = WeightAverage(model, decay=0.5).state_tensors().keys()

    assert names == {"average_updates", "average.0.weight", "average.0.bias", "average.1.bias"}


def test_weight_average_following_changes_no_weight_and_no_gradient() -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.5)
    before = weights(model)

    average.update()

    assert all(torch.equal(one, other) for one, other in zip(weights(model), before, strict=True))
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


@pytest.mark.parametrize("num_before", [0, 1, 30])
def test_weight_average_state_goes_on_the_same(num_before: int) -> None:
    first, second = model_of(1.0), model_of(9.0)
    average = WeightAverage(first, decay=0.9)
    updated(average, first, [float(n) for n in range(num_before)])
    other = WeightAverage(second, decay=0.9)

    other.load_state_tensors({n: t.clone() for n, t in average.state_tensors().items()})

    for follower, model in ((average, first), (other, second)):
        updated(follower, model, [4.0, 5.0])
    wanted = average.state_tensors()
    assert all(torch.equal(t, wanted[n]) for n, t in other.state_tensors().items())


def test_weight_average_does_not_average_excluded_weights() -> None:
    model = model_of(1.0)
    average = WeightAverage(model, decay=0.9, exclude={model.bias})

    updated(average, model, [5.0])

    assert list(average.state_tensors()) == ["average_updates", "average.weight"]
    with average.applied():
        assert model.bias.tolist() == [6.0, 6.0, 6.0]
        assert not torch.equal(model.weight, torch.full_like(model.weight, 5.0))
