from collections.abc import Callable

import pytest
import torch

from nextword.base import ConfigError
from nextword.cells import (
    AnyCell,
    ElmanCell,
    GruCell,
    LinearCell,
    LinearState,
    LstmCell,
    LstmState,
    MinLstmCell,
    ProjectedLstmCell,
)
from nextword.recurrent import LayerNoise, RecurrentRegularizer, RecurrentStack


def state(hidden: float, cell: float) -> LstmState:
    return LstmState(hidden_state=torch.tensor([[hidden]]), cell_state=torch.tensor([[cell]]))


def test_layer_noise_without_zoneout_gives_the_new_state() -> None:
    new = state(1.0, 2.0)

    assert LayerNoise().mixed(0, new=new, old=state(5.0, 6.0)) is new


def test_layer_noise_mixes_each_part_at_its_own_share_of_the_step() -> None:
    held = (torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.5]))
    noise = LayerNoise(held=tuple(share.view(2, 1, 1) for share in held))

    mixed = [noise.mixed(time, new=state(0.0, 0.0), old=state(8.0, 8.0)) for time in (0, 1)]

    assert [[part.item() for part in parts] for parts in mixed] == [[0.0, 2.0], [8.0, 4.0]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_layer_noise_mixes_a_new_part_of_lower_precision_in_the_higher_one(
    dtype: torch.dtype,
) -> None:
    noise = LayerNoise(held=(torch.full((1, 1, 1), 0.25),) * 2)
    new = LstmState(*(part.to(dtype) for part in state(0.0, 0.0)))

    mixed = noise.mixed(0, new=new, old=state(8.0, 4.0))

    assert [part.item() for part in mixed] == [2.0, 1.0]
    assert {part.dtype for part in mixed} == {torch.float32}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("backend", ["reference", "hoisted", "auto"])
def test_projected_lstm_with_zoneout_runs_under_autocast(backend: str, training: bool) -> None:
    cells = [ProjectedLstmCell(3, 8, projection_size=4)]
    regularizer = RecurrentRegularizer(zoneout_hidden=0.3, zoneout_cell=0.2)
    stack = RecurrentStack(cells, regularizer=regularizer, backend=backend).train(training)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, _ = stack(torch.randn(2, 5, 3), stack.initial_state(2))
    outputs.float().sum().backward()

    assert outputs.isfinite().all()


def test_layer_noise_without_a_limit_gives_the_state_itself() -> None:
    old = state(1.0, 2.0)

    assert LayerNoise().limited(old) is old


def test_layer_noise_limit_clips_every_component_of_the_gradient_alone() -> None:
    old = state(1.0, 2.0)
    for part in old:
        part.requires_grad_()

    limited = LayerNoise(state_threshold=3.0).limited(old)
    (2.0 * limited.hidden_state - 5.0 * limited.cell_state).sum().backward()

    assert torch.equal(limited.hidden_state, old.hidden_state)
    assert [part.grad.item() for part in old if part.grad is not None] == [2.0, -3.0]


@pytest.mark.parametrize("backend", ["reference", "hoisted"])
def test_state_gradient_is_clipped_at_every_step_and_the_losss_own_is_not(backend: str) -> None:
    # h[t] = 0.5 h[t-1] + e[t]. The loss 10 h[3] + 4 h[1] gives 10 to h[3], which hands back 5,
    # clipped to 1, to h[2]; that hands back 0.5 to h[1], where 4 of the loss is added; 2.25 are
    # clipped to 1 on their way to h[0]. The gradient of e[t] is that of h[t].
    cell = LinearCell(1, 1).requires_grad_(False)
    for weight, value in ((cell.weight_ih, 1.0), (cell.weight_hh, 0.5), (cell.bias, 0.0)):
        weight.fill_(value)
    stack = RecurrentStack([cell], backend=backend)
    stack.limit_state_gradient(1.0)
    inputs = torch.zeros(1, 3, 1, requires_grad=True)
    initial = LinearState(hidden_state=torch.zeros(1, 1, requires_grad=True))

    outputs, _ = stack(inputs, (initial,))
    (10.0 * outputs[0, 2] + 4.0 * outputs[0, 0]).sum().backward()

    assert inputs.grad is not None
    assert initial.hidden_state.grad is not None
    assert inputs.grad.flatten().tolist() == [4.5, 1.0, 10.0]
    assert initial.hidden_state.grad.item() == 1.0


@pytest.mark.parametrize("make_cell", [LstmCell, GruCell, ElmanCell, MinLstmCell])
def test_state_gradient_below_the_limit_is_the_plain_one(make_cell: Callable[..., AnyCell]) -> None:
    cell, inputs = make_cell(3, 4), torch.randn(2, 5, 3)

    def gradients(threshold: float | None) -> tuple[torch.Tensor, ...]:
        stack = RecurrentStack([cell], backend="hoisted")
        stack.limit_state_gradient(threshold)
        outputs, _ = stack(inputs, stack.initial_state(2))
        return torch.autograd.grad(outputs.sum(), list(cell.parameters()))

    torch.testing.assert_close(gradients(1e6), gradients(None), rtol=0, atol=0)


def test_stack_with_a_limit_falls_to_a_backend_that_clips_and_back() -> None:
    stack = RecurrentStack([GruCell(3, 4)])
    before = stack.backends

    stack.limit_state_gradient(1.0)
    assert [backend.name for backend in stack.backends] == ["hoisted"]

    stack.limit_state_gradient(None)
    assert stack.backends == before


@pytest.mark.parametrize("name", ["native", "aten"])
def test_stack_with_a_limit_refuses_a_named_backend_that_cannot(name: str) -> None:
    if name == "native":
        pytest.importorskip("nextword_kernels", reason="needs the compiled kernels")
    stack = RecurrentStack([LstmCell(3, 4)], backend=name)

    with pytest.raises(
        ConfigError, match=f"the backend '{name}' does not support state_clipping"
    ) as caught:
        stack.limit_state_gradient(1.0)

    assert caught.value.help == "Use --set training.backend=auto."
