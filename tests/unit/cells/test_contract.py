import pytest
import torch

from nextword.base import ConfigError
from nextword.cells import Cell, ElmanCell, LstmCell

CELLS = [ElmanCell, LstmCell]
cells = pytest.mark.parametrize("kind", CELLS, ids=lambda kind: kind.__name__)


@cells
def test_cell_meets_the_protocol(kind: type[ElmanCell | LstmCell]) -> None:
    cell = kind(3, 2)

    assert isinstance(cell, Cell)
    assert (cell.input_size, cell.hidden_size) == (3, 2)
    assert cell.initial_state(1)._fields == cell.state_names


@cells
@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 2), "input_size is 0; it must be at least 1"),
        ((3, -1), "hidden_size is -1; it must be at least 1"),
    ],
)
def test_cell_size_below_one_is_refused(
    kind: type[ElmanCell | LstmCell], sizes: tuple[int, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(*sizes)


@cells
@pytest.mark.parametrize("batch_size", [0, 1, 5])
def test_cell_initial_state_is_zero_in_the_weights_type(
    kind: type[ElmanCell | LstmCell], batch_size: int
) -> None:
    state = kind(3, 2).double().initial_state(batch_size)

    for part in state:
        assert torch.equal(part, torch.zeros(batch_size, 2, dtype=torch.float64))


@cells
def test_cell_weights_start_within_their_scale_and_fill_it(
    kind: type[ElmanCell | LstmCell],
) -> None:
    torch.manual_seed(0)
    cell = kind(50, 64)

    for weight in (cell.weight_ih, cell.weight_hh):
        assert 0.9 / 8 < weight.abs().max() <= 1 / 8
        assert weight.mean().abs() < 0.01


@cells
def test_cell_step_is_differentiable_in_everything(kind: type[ElmanCell | LstmCell]) -> None:
    torch.manual_seed(0)
    cell = kind(3, 2).double()
    inputs = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    parts = [torch.randn(4, 2, dtype=torch.float64, requires_grad=True) for _ in cell.state_names]
    names = list(dict(cell.named_parameters()))

    def step(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        weights = dict(zip(names, tensors[1 + len(parts) :], strict=True))
        state = type(cell.initial_state(4))(*tensors[1 : 1 + len(parts)])
        call = torch.func.functional_call(_Step(cell), _under("cell", weights), (tensors[0], state))
        return (call[0], *call[1])

    assert torch.autograd.gradcheck(step, (inputs, *parts, *cell.parameters()))


class _Step(torch.nn.Module):
    def __init__(self, cell: ElmanCell | LstmCell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, inputs: torch.Tensor, state: tuple[torch.Tensor, ...]) -> object:
        return self.cell.step(inputs, state)  # type: ignore[arg-type]  # each its own state


def _under(prefix: str, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": weight for name, weight in weights.items()}
