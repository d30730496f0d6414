from dataclasses import replace

import pytest
import torch

from benchmark_cases import TINY_EFFORT
from nextword.base import BenchmarkError
from nextword.benchmarking import LayersCase
from nextword.benchmarking.cases import diagonal_layers
from nextword.recurrent import RecurrentStack

TINY = LayersCase(
    name="layers-min-tiny",
    summary="tiny minGRU layers",
    cell="min_gru",
    make_pair=diagonal_layers.DiagonalPair,
    hidden_size=7,
    batch_size=2,
    num_steps=5,
)
KINDS = ["min_gru", "min_lstm"]


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_diagonal_pair_is_equal_to_the_reference(
    cell: diagonal_layers.DiagonalKind, precision: torch.dtype
) -> None:
    torch.manual_seed(0)
    pair = diagonal_layers.DiagonalPair(
        cell, num_layers=2, hidden_size=63, batch_size=3, num_steps=7
    )

    found = pair.parity(precision)

    assert 0.0 < found.distance <= found.limit


def test_diagonal_layers_case_wrong_outputs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = RecurrentStack.forward

    def wrong(self: RecurrentStack, *arguments: object) -> object:
        outputs, state = forward(self, *arguments)
        return (outputs * 1.05 if outputs.dtype == torch.float32 else outputs), state

    monkeypatch.setattr(RecurrentStack, "forward", wrong)

    with pytest.raises(BenchmarkError, match="the relative distance from the float64 reference"):
        replace(TINY, precision="float32").measure(TINY_EFFORT, on_progress=lambda *_, **__: None)


@pytest.mark.parametrize("cell", KINDS)
def test_diagonal_layers_case_times_both_implementations(
    cell: diagonal_layers.DiagonalKind,
) -> None:
    case = replace(TINY, cell=cell, precision="float32")

    result = case.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)

    assert {row.name for row in result.rows} >= {"nextword", "torch.nn"}
    assert all(row.seconds.count == 2 for row in result.rows)
