import pytest
import torch

from cells import CELLS, MakeCell, random_cell, random_state
from nextword.base import ConfigError
from nextword.cells import AnyCell, Cell, LstmCell, MinGruCell, StepNoise

cells = pytest.mark.parametrize("make_cell", CELLS.values(), ids=CELLS)
#: What can be disturbed: cells with a recurrent matrix.
DENSE = {
    name: make_cell for name, make_cell in CELLS.items() if not name.startswith(("min-", "rg-"))
}
dense_cells = pytest.mark.parametrize("make_cell", DENSE.values(), ids=DENSE)


@cells
def test_cell_meets_the_contract(make_cell: MakeCell) -> None:
    cell = make_cell(3, 2)
    state = cell.initial_state(5)

    outputs, after = cell.step(torch.randn(5, 3), state)

    assert isinstance(cell, Cell)
    assert (cell.input_size, cell.hidden_size) == (3, 2)
    assert type(after) is type(state) is cell.state_type
    assert state._fields == cell.state_names  # type: ignore[attr-defined]
    assert [part.shape for part in after] == [(5, size) for size in cell.state_sizes]
    assert outputs.shape == (5, cell.output_size)


@cells
def test_cell_outputs_are_what_is_shown_of_the_hidden_state(make_cell: MakeCell) -> None:
    cell = make_cell(3, 2)

    outputs, state = cell.step(torch.randn(5, 3), cell.initial_state(5))

    assert torch.equal(outputs, cell.outputs(state[0]))


@cells
@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 2), "input_size is 0; it must be at least 1"),
        ((3, -1), "hidden_size is -1; it must be at least 1"),
    ],
)
def test_cell_size_below_one_is_refused(
    make_cell: MakeCell, sizes: tuple[int, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        make_cell(*sizes)


@cells
@pytest.mark.parametrize("batch_size", [0, 1, 5])
def test_cell_initial_state_is_zero_in_the_weights_type(
    make_cell: MakeCell, batch_size: int
) -> None:
    cell = make_cell(3, 2).double()

    for part, size in zip(cell.initial_state(batch_size), cell.state_sizes, strict=True):
        assert torch.equal(part, torch.zeros(batch_size, size, dtype=torch.float64))


@cells
def test_cell_learnt_initial_state_starts_at_zero_and_is_trained(make_cell: MakeCell) -> None:
    cell = make_cell(3, 2)
    cell.learn_initial_state()
    names = [f"initial_{name}" for name in cell.state_names]

    state = cell.initial_state(4)
    sum(part.sum() for part in state).backward()

    assert not any(part.any() for part in state)
    for name, size in zip(names, cell.state_sizes, strict=True):
        assert torch.equal(cell.get_parameter(name).grad, torch.full((size,), 4.0))


def test_cell_learnt_initial_state_given_earlier_follows_its_parameters() -> None:
    cell = LstmCell(3, 2)
    cell.learn_initial_state()
    state = cell.initial_state(4)

    with torch.no_grad():
        cell.get_parameter("initial_cell_state").fill_(7.0)

    assert (state.cell_state == 7.0).all()
    assert not state.hidden_state.any()


@cells
def test_cell_matrices_start_within_their_scale_and_fill_it(make_cell: MakeCell) -> None:
    torch.manual_seed(0)
    cell = make_cell(64, 64)

    for weight in cell.parameters():
        if weight.ndim == 2:
            assert 0.9 / 8 < weight.abs().max() <= 1 / 8
            assert weight.mean().abs() < 0.01


@cells
def test_cell_step_is_differentiable_in_everything(make_cell: MakeCell) -> None:
    torch.manual_seed(0)
    cell = random_cell(make_cell, 3, 2)
    _gradcheck_step(cell, StepNoise())


@dense_cells
def test_cell_step_under_noise_is_differentiable_in_everything(make_cell: MakeCell) -> None:
    torch.manual_seed(0)
    cell = random_cell(make_cell, 3, 4)
    mask = torch.tensor([0.0, 2.0, 2.0, 0.0], dtype=torch.float64)

    _gradcheck_step(cell, StepNoise(mask=mask[: cell.output_size].expand(4, -1)))


@dense_cells
def test_cell_step_mask_hides_entries_from_the_product_alone(make_cell: MakeCell) -> None:
    torch.manual_seed(0)
    cell = random_cell(make_cell, 3, 4)
    state = random_state(cell, 5)
    hidden = (torch.arange(cell.output_size) > 0).double().expand(5, -1)
    with torch.no_grad():
        blind = cell.get_parameter("weight_hh").detach().clone()
        blind[:, 0] = 0.0

    masked = cell.step(torch.ones(5, 3).double(), state, noise=StepNoise(mask=hidden))
    dropped = cell.step(torch.ones(5, 3).double(), state, noise=StepNoise(weight_hh=blind))

    torch.testing.assert_close(masked, dropped)
    unmasked = cell.step(torch.ones(5, 3).double(), state)
    assert not torch.allclose(masked[0], unmasked[0])


@cells
def test_cell_has_recurrent_matrix_where_a_product_reads_the_state(make_cell: MakeCell) -> None:
    cell = make_cell(3, 2)

    assert cell.has_recurrent_matrix == ("weight_hh" in dict(cell.named_parameters()))


def test_cell_is_printed_with_its_sizes() -> None:
    assert repr(MinGruCell(3, 2)) == "MinGruCell(3, 2)"


def _gradcheck_step(cell: AnyCell, noise: StepNoise) -> None:
    inputs = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    parts = list(random_state(cell, 4))
    names = list(dict(cell.named_parameters()))

    def step(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        weights = dict(zip(names, tensors[1 + len(parts) :], strict=True))
        state = cell.state_type(*tensors[1 : 1 + len(parts)])
        call = torch.func.functional_call(
            _Step(cell, noise), _under("cell", weights), (tensors[0], state)
        )
        return (call[0], *call[1])

    assert torch.autograd.gradcheck(step, (inputs, *parts, *cell.parameters()))


class _Step(torch.nn.Module):
    def __init__(self, cell: AnyCell, noise: StepNoise) -> None:
        super().__init__()
        self.cell = cell
        self.noise = noise

    def forward(self, inputs: torch.Tensor, state: tuple[torch.Tensor, ...]) -> object:
        return self.cell.step(inputs, state, noise=self.noise)


def _under(prefix: str, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": weight for name, weight in weights.items()}
