import pytest
import torch
from torch import Tensor, nn

from nextword.optim import OptimizerConfig, build_optimizer, set_learning_rate


def model_of() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double()


def give_gradients(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)


def weights(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_build_optimizer_zero_gradient_decays_matrices_alone(kind: str) -> None:
    model = model_of()
    before = weights(model)
    config = OptimizerConfig(kind=kind, learning_rate=0.1, weight_decay=0.5)  # type: ignore[arg-type]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)

    build_optimizer(model, config).step()

    for one, other in zip(weights(model), before, strict=True):
        expected = other * (1 - 0.1 * 0.5) if other.ndim > 1 else other
        torch.testing.assert_close(one, expected)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_build_optimizer_sgd_equals_steps_by_hand(momentum: float) -> None:
    model = model_of()
    by_hand, velocity = weights(model), [torch.zeros_like(w) for w in weights(model)]
    config = OptimizerConfig(kind="sgd", learning_rate=0.1, weight_decay=0.2, momentum=momentum)
    optimizer = build_optimizer(model, config)

    for step in range(3):
        give_gradients(model, step)
        gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
        optimizer.step()
        for weight, past, gradient in zip(by_hand, velocity, gradients, strict=True):
            pulled = gradient + (0.2 * weight if weight.ndim > 1 else 0.0)
            past.mul_(momentum).add_(pulled)
            weight.sub_(0.1 * past)

    torch.testing.assert_close(weights(model), by_hand, rtol=1e-12, atol=1e-12)


def test_build_optimizer_adamw_equals_torch_unfused() -> None:
    model, other = model_of(), model_of()
    config = OptimizerConfig(learning_rate=0.1, weight_decay=0.3, beta1=0.8, beta2=0.95)
    optimizer = build_optimizer(model, config)
    groups = [
        {"params": [p for p in other.parameters() if p.ndim > 1], "weight_decay": 0.3},
        {"params": [p for p in other.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    plain = torch.optim.AdamW(groups, lr=0.1, betas=(0.8, 0.95), fused=False, foreach=False)

    for step in range(4):
        give_gradients(model, step)
        give_gradients(other, step)
        optimizer.step()
        plain.step()

    torch.testing.assert_close(weights(model), weights(other), rtol=1e-10, atol=1e-12)


def test_build_optimizer_frozen_weight_is_left_out() -> None:
    model = model_of()
    model[0].weight.requires_grad_(False)

    optimizer = build_optimizer(model, OptimizerConfig())

    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert len(held) == 3
    assert all(parameter is not model[0].weight for parameter in held)


def test_build_optimizer_shared_weight_is_updated_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight

    optimizer = build_optimizer(model, OptimizerConfig())

    assert sum(len(group["params"]) for group in optimizer.param_groups) == 1


def test_set_learning_rate_reaches_every_group() -> None:
    optimizer = build_optimizer(model_of(), OptimizerConfig(learning_rate=0.1))

    set_learning_rate(optimizer, 0.025)

    assert [group["lr"] for group in optimizer.param_groups] == [0.025, 0.025]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_build_optimizer_does_not_update_excluded_weights(kind: str) -> None:
    model = model_of()
    before = weights(model)
    give_gradients(model, seed=1)

    build_optimizer(model, OptimizerConfig(kind=kind), exclude={model[1].weight}).step()  # type: ignore[arg-type]

    moved = [not torch.equal(a, b) for a, b in zip(weights(model), before, strict=True)]
    assert moved == [True, True, False, True]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_step_moves_the_version_counters_that_fused_forms_leave(kind: str) -> None:
    model = torch.nn.Linear(3, 2)
    optimizer = build_optimizer(model, OptimizerConfig(kind=kind, momentum=0.0))  # type: ignore[arg-type]
    model(torch.ones(1, 3)).sum().backward()
    before = [parameter._version for parameter in model.parameters()]

    optimizer.step()

    after = [parameter._version for parameter in model.parameters()]
    assert all(new > old for new, old in zip(after, before, strict=True))


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_build_optimizer_single_number_is_moved_and_does_not_decay(kind: str) -> None:
    model = nn.Module()
    model.moved, model.still = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.tensor(3.0))
    model.moved.grad, model.still.grad = torch.tensor(1.0), torch.tensor(0.0)
    config = OptimizerConfig(kind=kind, learning_rate=0.5, weight_decay=0.5)  # type: ignore[arg-type]

    build_optimizer(model, config).step()

    assert model.moved.item() == pytest.approx(1.5)
    assert model.still.item() == 3.0
