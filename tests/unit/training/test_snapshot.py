"""An optimizer's state as tensors and back."""

import pytest
import torch
from torch import nn

from nextword.training.snapshot import load_optimizer_tensors, optimizer_tensors, strip_prefix


def stepped(optimizer: torch.optim.Optimizer, *, times: int) -> torch.optim.Optimizer:
    for _ in range(times):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = parameter.detach() + 1.0
        optimizer.step()
    return optimizer


def made(kind: str, *, learning_rate: float = 0.25) -> torch.optim.Optimizer:
    weights = [nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.tensor([[3.0]]))]
    if kind == "adamw":
        return torch.optim.AdamW(weights, lr=learning_rate)
    return torch.optim.SGD(weights, lr=learning_rate, momentum=0.5)


@pytest.mark.parametrize("kind", ["adamw", "momentum"])
def test_optimizer_tensors_put_into_another_go_on_alike(kind: str) -> None:
    one, other = stepped(made(kind), times=3), made(kind)
    for ours, theirs in zip(
        one.param_groups[0]["params"], other.param_groups[0]["params"], strict=True
    ):
        theirs.data = ours.detach().clone()

    load_optimizer_tensors(other, {n: t.clone() for n, t in optimizer_tensors(one).items()})

    stepped(one, times=2)
    stepped(other, times=2)
    for ours, theirs in zip(
        one.param_groups[0]["params"], other.param_groups[0]["params"], strict=True
    ):
        assert torch.equal(ours, theirs)


def test_load_optimizer_tensors_leaves_the_settings() -> None:
    other = made("adamw", learning_rate=0.125)

    load_optimizer_tensors(other, optimizer_tensors(stepped(made("adamw"), times=1)))

    assert other.param_groups[0]["lr"] == 0.125


def test_load_optimizer_tensors_leaves_out_what_is_not_the_optimizers() -> None:
    optimizer = made("momentum")

    load_optimizer_tensors(optimizer, {"model.weight": torch.ones(2)})

    assert optimizer.state_dict()["state"] == {}


def test_strip_prefix_takes_those_with_the_prefix_alone() -> None:
    tensors = {"model.a": torch.ones(1), "model.model.b": torch.ones(2), "other.a": torch.ones(3)}

    assert {name: len(t) for name, t in strip_prefix(tensors, "model.").items()} == {
        "a": 1,
        "model.b": 2,
    }
