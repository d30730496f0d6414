import pytest
import torch

from nextword.base import ConfigError, ShapeError
from nextword.cells import ElmanCell, LstmCell
from nextword.recurrent import Dropout, RecurrentStack


def two_layers(**options: object) -> RecurrentStack:
    torch.manual_seed(0)
    return RecurrentStack([LstmCell(3, 5), ElmanCell(5, 2)], **options)  # type: ignore[arg-type]


def test_stack_outputs_are_the_last_layers_and_state_is_every_layers() -> None:
    stack = two_layers()

    outputs, state = stack(torch.randn(4, 6, 3), stack.initial_state(4))

    assert outputs.shape == (4, 6, 2)
    assert [tuple(part.shape for part in layer) for layer in state] == [((4, 5), (4, 5)), ((4, 2),)]
    assert torch.equal(state[1][0], outputs[:, -1])


def test_stack_equals_the_layers_one_after_the_other() -> None:
    stack, inputs = two_layers(backend="reference"), torch.randn(4, 6, 3)

    outputs, _ = stack(inputs, stack.initial_state(4))

    for cell in stack.layers:
        state, steps = cell.initial_state(4), []
        for step_inputs in inputs.unbind(1):
            step_outputs, state = cell.step(step_inputs, state)
            steps.append(step_outputs)
        inputs = torch.stack(steps, 1)
    torch.testing.assert_close(outputs, inputs)


def test_stack_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="a layer reads 4 numbers a step, the one below gives 5"):
        RecurrentStack([LstmCell(3, 5), LstmCell(4, 2)])


def test_stack_dropout_between_touches_what_is_handed_up_alone() -> None:
    stack = two_layers(dropout_between=torch.zeros_like)
    inputs = torch.randn(4, 6, 3)

    outputs, state = stack(inputs, stack.initial_state(4))

    above = RecurrentStack([stack.layers[1]])
    expected, _ = above(torch.zeros(4, 6, 5), above.initial_state(4))
    torch.testing.assert_close(outputs, expected)
    assert state[0][0].abs().min() > 0


def test_stack_single_layer_has_nothing_between() -> None:
    stack = RecurrentStack([LstmCell(3, 5)], dropout_between=Dropout(0.9)).train()
    inputs = torch.randn(4, 6, 3)

    first, _ = stack(inputs, stack.initial_state(4))

    assert torch.equal(first, stack(inputs, stack.initial_state(4))[0])


def test_stack_dropout_between_follows_the_mode() -> None:
    stack, inputs = two_layers(dropout_between=Dropout(0.5)), torch.randn(4, 6, 3)
    state = stack.initial_state(4)

    assert not torch.equal(stack.train()(inputs, state)[0], stack(inputs, state)[0])
    assert torch.equal(stack.eval()(inputs, state)[0], stack(inputs, state)[0])


def test_stack_parameters_are_the_cells() -> None:
    assert sum(p.numel() for p in two_layers().parameters()) == 4 * 5 * 9 + 2 * 8


def test_stack_use_backend_chooses_anew() -> None:
    stack = two_layers(backend="reference")
    before = [backend.name for backend in stack.backends]

    stack.use_backend("aten")

    assert before == ["reference", "reference"]
    assert [backend.name for backend in stack.backends] == ["aten", "aten"]


def test_stack_backend_that_does_not_support_a_cell_is_refused() -> None:
    with pytest.raises(ConfigError, match="'aten' does not support ElmanCell"):
        RecurrentStack([ElmanCell(3, 2, nonlinearity="sigmoid")], backend="aten")


@pytest.mark.parametrize("batch", [(2, 0), (0, 3), (0, 0)])
@pytest.mark.parametrize("backend", ["aten", "reference"])
def test_stack_nothing_to_read_leaves_the_state(backend: str, batch: tuple[int, int]) -> None:
    stack = two_layers(backend=backend)
    state = tuple(
        type(layer)(*(torch.randn_like(part) for part in layer))
        for layer in stack.initial_state(batch[0])
    )

    outputs, final = stack(torch.zeros(*batch, 3), state)

    assert outputs.shape == (*batch, 2)
    torch.testing.assert_close(final, state)
