import pytest
import torch

from nextword.cells import ElmanCell, ElmanState, LstmCell, LstmState
from nextword.recurrent.backends import aten


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (LstmCell(1, 1), True),
        (ElmanCell(1, 1, nonlinearity="tanh"), True),
        (ElmanCell(1, 1, nonlinearity="relu"), True),
        (ElmanCell(1, 1, nonlinearity="sigmoid"), False),
    ],
    ids=["lstm", "tanh", "relu", "sigmoid"],
)
def test_aten_supports_what_torch_has(cell: LstmCell | ElmanCell, expected: bool) -> None:
    assert aten.supports(cell) == expected


@pytest.mark.parametrize("lengths", [None, [2, 0, 4]], ids=["all", "ragged"])
@pytest.mark.parametrize(
    ("kind", "state_kind"), [(LstmCell, LstmState), (ElmanCell, ElmanState)], ids=["lstm", "elman"]
)
def test_aten_final_state_keeps_its_container(
    kind: type[LstmCell | ElmanCell],
    state_kind: type[LstmState | ElmanState],
    lengths: list[int] | None,
) -> None:
    cell = kind(3, 2)
    counted = None if lengths is None else torch.tensor(lengths)

    _, final = aten.run_layer(cell, torch.randn(3, 4, 3), cell.initial_state(3), counted)

    assert isinstance(final, state_kind)


@pytest.mark.parametrize("lengths", [None, [2, 0, 4]], ids=["all", "ragged"])
@pytest.mark.parametrize("kind", [LstmCell, ElmanCell], ids=["lstm", "elman"])
def test_aten_under_autocast_keeps_the_state_in_float32(
    kind: type[LstmCell | ElmanCell], lengths: list[int] | None
) -> None:
    cell = kind(3, 2)
    counted = None if lengths is None else torch.tensor(lengths)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, final = aten.run_layer(cell, torch.randn(3, 4, 3), cell.initial_state(3), counted)

    assert {part.dtype for part in final} == {torch.float32}


def test_aten_rows_of_any_length_come_back_in_their_places() -> None:
    cell, inputs = LstmCell(3, 2), torch.randn(3, 4, 3)

    outputs, _ = aten.run_layer(cell, inputs, cell.initial_state(3), torch.tensor([1, 4, 0]))

    whole, _ = aten.run_layer(cell, inputs, cell.initial_state(3), None)
    torch.testing.assert_close(outputs[0, :1], whole[0, :1])
    torch.testing.assert_close(outputs[1], whole[1])
    assert not outputs[2].any()
