import pytest
import torch

from nextword.cells import GruCell, MinGruCell, MinLstmCell
from nextword.recurrent.backends import hoisted, reference, scan


@pytest.mark.parametrize("kind", [MinGruCell, MinLstmCell])
@pytest.mark.parametrize("num_steps", [1, 2, 3, 64, 257])
@pytest.mark.parametrize("other", [reference, hoisted], ids=["reference", "hoisted"])
def test_scan_equals_the_loop(
    kind: type[MinGruCell | MinLstmCell], num_steps: int, other: object
) -> None:
    torch.manual_seed(0)
    cell, inputs = kind(3, 5).double(), torch.randn(2, num_steps, 3, dtype=torch.float64)
    state = type(cell.initial_state(2))(torch.randn(2, 5, dtype=torch.float64))

    outputs, final = scan.run_layer(cell, inputs, state=state, lengths=None)

    expected, expected_final = other.run_layer(cell, inputs, state=state, lengths=None)  # type: ignore[attr-defined]
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(final, expected_final, rtol=1e-10, atol=1e-10)


def test_scan_planted_fault_of_one_round_too_few_is_seen() -> None:
    torch.manual_seed(0)
    a, b = torch.rand(5, 1, 1).double(), torch.randn(5, 1, 1).double()
    initial = torch.zeros(1, 1).double()
    short = torch.cat([scan.scan(a[:4], b[:4], initial=initial), b[4:] + a[4:] * b[3:4]])

    assert not torch.allclose(scan.scan(a, b, initial=initial), short)


def test_scan_supports_diagonal_cells_alone() -> None:
    assert scan.supports(MinGruCell(1, 1))
    assert not scan.supports(GruCell(1, 1))


def test_scan_under_autocast_keeps_the_state_in_float32() -> None:
    cell = MinGruCell(3, 5)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, final = scan.run_layer(
            cell, torch.randn(2, 9, 3), state=cell.initial_state(2), lengths=None
        )

    assert {outputs.dtype, final[0].dtype} == {torch.float32}
