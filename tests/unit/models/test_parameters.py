import pytest
import torch
from torch import nn

from nextword.base import MismatchError
from nextword.models import load_parameter_tensors, parameter_tensors


def model_of(seed: int = 0, *, width: int = 3) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(2, width)


def test_parameter_tensors_shared_weight_comes_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight

    assert set(parameter_tensors(model)) == {"0.weight", "0.bias", "1.bias"}


def test_parameter_tensors_carry_no_graph() -> None:
    assert not any(tensor.requires_grad for tensor in parameter_tensors(model_of()).values())


def test_load_parameter_tensors_puts_the_weights_back_bit_for_bit() -> None:
    source, target = model_of(0), model_of(1)

    load_parameter_tensors(target, parameter_tensors(source), source="model.safetensors")

    assert torch.equal(target.weight, source.weight)
    assert torch.equal(target.bias, source.bias)
    assert target.weight.requires_grad


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_load_parameter_tensors_other_names_are_refused(change: str) -> None:
    tensors = parameter_tensors(model_of())
    if change == "missing":
        del tensors["bias"]
    else:
        tensors["extra"] = torch.zeros(1)

    with pytest.raises(
        MismatchError,
        match=r"f\.safetensors does not fit the model; missing or unexpected: (bias|extra)",
    ) as caught:
        load_parameter_tensors(model_of(), tensors, source="f.safetensors")

    assert caught.value.help == "The weights and the configuration come from two models."


def test_load_parameter_tensors_other_shape_is_refused() -> None:
    tensors = parameter_tensors(model_of(width=4))

    with pytest.raises(
        MismatchError, match=r"weight in f has shape \(4, 2\), the configuration asks for \(3, 2\)"
    ):
        load_parameter_tensors(model_of(), tensors, source="f")
