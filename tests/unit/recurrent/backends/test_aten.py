import pytest
import torch

from nextword.cells import (
    AnyCell,
    ElmanCell,
    ElmanState,
    GruCell,
    GruState,
    LayerNormLstmCell,
    LstmCell,
    LstmState,
    ProjectedLstmCell,
)
from nextword.recurrent.backends import aten, reference


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (LstmCell(1, 1), True),
        (GruCell(1, 1), True),
        (LayerNormLstmCell(1, 1), False),
        (ProjectedLstmCell(1, 2, projection_size=1), False),
        (ElmanCell(1, 1, nonlinearity="tanh"), True),
        (ElmanCell(1, 1, nonlinearity="relu"), True),
        (ElmanCell(1, 1, nonlinearity="sigmoid"), False),
    ],
    ids=["lstm", "gru", "layer-norm", "projected", "tanh", "relu", "sigmoid"],
)
def test_aten_supports_what_torch_has_on_a_cpu(cell: AnyCell, expected: bool) -> None:
    assert aten.supports(cell) == expected


@pytest.mark.parametrize("lengths", [None, [2, 0, 4]], ids=["all", "ragged"])
@pytest.mark.parametrize(
    ("kind", "state_kind"),
    [(LstmCell, LstmState), (ElmanCell, ElmanState), (GruCell, GruState)],
    ids=["lstm", "elman", "gru"],
)
def test_aten_final_state_keeps_its_container(
    kind: type[LstmCell | ElmanCell | GruCell],
    state_kind: type[LstmState | ElmanState | GruState],
    lengths: list[int] | None,
) -> None:
    cell = kind(3, 2)
    counted = None if lengths is None else torch.tensor(lengths)

    _, final = aten.run_layer(
        cell, torch.randn(3, 4, 3), state=cell.initial_state(3), lengths=counted
    )

    assert isinstance(final, state_kind)


@pytest.mark.parametrize("lengths", [None, [2, 0, 4]], ids=["all", "ragged"])
@pytest.mark.parametrize("kind", [LstmCell, ElmanCell, GruCell], ids=["lstm", "elman", "gru"])
def test_aten_under_autocast_keeps_the_state_in_float32(
    kind: type[LstmCell | ElmanCell | GruCell], lengths: list[int] | None
) -> None:
    cell = kind(3, 2)
    counted = None if lengths is None else torch.tensor(lengths)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, final = aten.run_layer(
            cell, torch.randn(3, 4, 3), state=cell.initial_state(3), lengths=counted
        )

    assert {part.dtype for part in final} == {torch.float32}


def test_aten_under_autocast_runs_the_lstm_in_float32_on_a_cpu_without_avx512(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aten, "has_onednn_bfloat16", lambda: False)
    cell, inputs = LstmCell(3, 2), torch.randn(3, 4, 3)
    state = cell.initial_state(3)
    expected, _ = aten.run_layer(cell, inputs, state=state, lengths=None)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, _ = aten.run_layer(cell, inputs.bfloat16(), state=state, lengths=None)

    torch.testing.assert_close(outputs, expected, rtol=2e-2, atol=2e-2)
    assert outputs.dtype == torch.float32


def test_aten_rows_of_any_length_come_back_in_their_places() -> None:
    cell, inputs = LstmCell(3, 2), torch.randn(3, 4, 3)

    outputs, _ = aten.run_layer(
        cell, inputs, state=cell.initial_state(3), lengths=torch.tensor([1, 4, 0])
    )

    whole, _ = aten.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
    torch.testing.assert_close(outputs[0, :1], whole[0, :1])
    torch.testing.assert_close(outputs[1], whole[1])
    assert not outputs[2].any()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("lengths", [None, [2, 0, 4]], ids=["all", "ragged"])
def test_aten_on_a_gpu_runs_the_projected_lstm(lengths: list[int] | None) -> None:
    torch.manual_seed(0)
    cell = ProjectedLstmCell(3, 4, projection_size=2).cuda()
    inputs, state = torch.randn(3, 4, 3, device="cuda"), cell.initial_state(3)
    counted = None if lengths is None else torch.tensor(lengths, device="cuda")

    results = aten.run_layer(cell, inputs, state=state, lengths=counted)

    expected = reference.run_layer(cell, inputs, state=state, lengths=counted)
    torch.testing.assert_close(results, expected, rtol=1e-3, atol=1e-4)
