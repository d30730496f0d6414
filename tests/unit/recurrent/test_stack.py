import pytest
import torch

from nextword.base import ConfigError, ShapeError
from nextword.cells import (
    ElmanCell,
    GruCell,
    LstmCell,
    LstmState,
    MinGruCell,
    ProjectedLstmCell,
)
from nextword.layers import Dropout
from nextword.recurrent import RecurrentRegularizer, RecurrentStack


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
    with pytest.raises(
        ShapeError, match="a layer has input size 4, but the layer below it has output size 5"
    ):
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
@pytest.mark.parametrize("backend", ["hoisted", "aten", "reference"])
def test_stack_nothing_to_read_leaves_the_state(backend: str, batch: tuple[int, int]) -> None:
    stack = two_layers(backend=backend)
    state = tuple(
        type(layer)(*(torch.randn_like(part) for part in layer))
        for layer in stack.initial_state(batch[0])
    )

    outputs, final = stack(torch.zeros(*batch, 3), state)

    assert outputs.shape == (*batch, 2)
    torch.testing.assert_close(final, state)


def three_layers(**options: object) -> RecurrentStack:
    torch.manual_seed(0)
    cells = [LstmCell(3, 5), GruCell(5, 5), ElmanCell(5, 5)]
    return RecurrentStack(cells, **options)  # type: ignore[arg-type]


def test_stack_residual_adds_what_a_layer_reads_from_the_second_on() -> None:
    stack, inputs = three_layers(residual=True), torch.randn(4, 6, 3)

    outputs, _ = stack(inputs, stack.initial_state(4))

    expected = inputs
    for depth, cell in enumerate(stack.layers):
        alone = RecurrentStack([cell])
        given, _ = alone(expected, alone.initial_state(4))
        expected = given + expected if depth > 0 else given
    torch.testing.assert_close(outputs, expected)


def test_stack_residual_goes_past_the_dropout_between() -> None:
    stack = three_layers(residual=True, dropout_between=torch.zeros_like)
    inputs = torch.randn(4, 6, 3)

    outputs, _ = stack(inputs, stack.initial_state(4))

    expected, _ = RecurrentStack([stack.layers[0]])(inputs, (stack.layers[0].initial_state(4),))
    for cell in stack.layers[1:]:
        blind, _ = RecurrentStack([cell])(torch.zeros(4, 6, 5), (cell.initial_state(4),))
        expected = expected + blind
    torch.testing.assert_close(outputs, expected)


def test_stack_residual_padding_stays_zero() -> None:
    stack = three_layers(residual=True)

    outputs, _ = stack(torch.randn(2, 6, 3), stack.initial_state(2), lengths=torch.tensor([2, 6]))

    assert not outputs[0, 2:].any()


def test_stack_residual_layer_of_another_width_is_refused() -> None:
    with pytest.raises(ConfigError, match="a layer has input size 5 and output size 2"):
        RecurrentStack([LstmCell(3, 5), LstmCell(5, 2)], residual=True)


def test_stack_residual_is_part_of_what_is_printed() -> None:
    assert repr(three_layers(residual=True)) != repr(three_layers())


def test_stack_projected_layer_hands_up_its_projection() -> None:
    cells = [ProjectedLstmCell(3, 8, projection_size=2), LstmCell(2, 4)]
    stack = RecurrentStack(cells)

    outputs, state = stack(torch.randn(4, 6, 3), stack.initial_state(4))

    assert outputs.shape == (4, 6, 4)
    assert [part.shape[1] for part in state[0]] == [2, 8]


@pytest.mark.parametrize(
    "share", ["recurrent_dropout", "weight_dropout", "zoneout_hidden", "zoneout_cell"]
)
def test_stack_regularizer_draws_anew_in_training(share: str) -> None:
    regularizer = RecurrentRegularizer(**{share: 0.5})
    stack = RecurrentStack([LstmCell(3, 5), LstmCell(5, 2)], regularizer=regularizer).train()
    inputs, state = torch.randn(4, 6, 3), stack.initial_state(4)

    assert not torch.equal(stack(inputs, state)[0], stack(inputs, state)[0])


@pytest.mark.parametrize("share", ["recurrent_dropout", "weight_dropout"])
def test_stack_regularizer_in_evaluation_leaves_layers_alone(share: str) -> None:
    regularizer = RecurrentRegularizer(**{share: 0.5})
    cells, inputs = [LstmCell(3, 5)], torch.randn(4, 6, 3)
    stack, plain = RecurrentStack(cells, regularizer=regularizer).eval(), RecurrentStack(cells)
    state = stack.initial_state(4)

    torch.testing.assert_close(stack(inputs, state), plain(inputs, state))


def test_stack_zoneout_in_evaluation_is_the_mean_of_many_draws_of_one_step() -> None:
    torch.manual_seed(0)
    regularizer = RecurrentRegularizer(zoneout_hidden=0.25, zoneout_cell=0.5)
    stack = RecurrentStack([LstmCell(3, 5)], regularizer=regularizer).double()
    inputs = torch.randn(1, 1, 3, dtype=torch.float64)
    state = (LstmState(*(torch.randn(1, 5, dtype=torch.float64) for _ in range(2))),)
    many = (LstmState(*(part.expand(40_000, -1) for part in state[0])),)

    _, expected = stack.eval()(inputs, state)
    _, drawn = stack.train()(inputs.expand(40_000, -1, -1), many)

    for part, mean in zip(drawn[0], expected[0], strict=True):
        torch.testing.assert_close(part.mean(0), mean[0], rtol=0, atol=0.03)


def test_stack_regularizer_a_cell_cannot_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="MinGruCell has no recurrent matrix"):
        RecurrentStack([MinGruCell(3, 2)], regularizer=RecurrentRegularizer(weight_dropout=0.1))


def test_stack_regularizer_a_backend_cannot_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="the backend 'aten' does not support zoneout"):
        RecurrentStack(
            [LstmCell(3, 2)],
            regularizer=RecurrentRegularizer(zoneout_hidden=0.1),
            backend="aten",
        )


def test_stack_chooses_backends_anew_where_its_weights_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = []
    stack = torch.nn.ModuleList([two_layers(backend="reference")])
    monkeypatch.setattr(
        "nextword.recurrent.stack.choose_backend",
        lambda cell, **options: chosen.append((cell.weight_ih.dtype, options["name"])),
    )

    stack.double()

    assert chosen == [(torch.float64, "reference")] * 2


@pytest.mark.parametrize(("backend", "expected"), [("auto", True), ("aten", False)])
def test_stack_lacks_kernels_only_where_the_backend_is_free(
    monkeypatch: pytest.MonkeyPatch, backend: str, expected: bool
) -> None:
    monkeypatch.setattr("nextword.recurrent.backends.native.layer.kernels_are_installed", bool)

    assert two_layers(backend=backend).lacks_kernels == expected
