from dataclasses import replace

import pytest
import torch

from benchmark_cases import LAYERS, TINY_EFFORT
from nextword.base import BenchmarkError
from nextword.benchmarking import LayersCase
from nextword.benchmarking.cases import layers
from nextword.recurrent import RecurrentStack

KINDS = ["lstm", "gru", "elman"]


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_layer_pair_is_equal_to_torch(cell: layers.CellKind, precision: torch.dtype) -> None:
    torch.manual_seed(0)

    found = layers.LayerPair(cell, num_layers=2, hidden_size=63, batch_size=3, num_steps=7).parity(
        precision
    )

    assert 0.0 < found.distance <= found.limit


@pytest.mark.parametrize("cell", KINDS)
def test_layers_case_wrong_outputs_are_refused(
    cell: layers.CellKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = RecurrentStack.forward

    def wrong(self: RecurrentStack, *arguments: object) -> object:
        outputs, state = forward(self, *arguments)
        return outputs * 1.05, state

    monkeypatch.setattr(RecurrentStack, "forward", wrong)

    with pytest.raises(BenchmarkError, match="the relative distance from the float64 reference"):
        replace(LAYERS, cell=cell).measure(TINY_EFFORT, on_progress=lambda *_, **__: None)


def measured(case: LayersCase) -> dict[str, str]:
    result = case.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)
    assert all(row.seconds.count == 2 for row in result.rows)
    return {row.name: row.precision for row in result.rows}


def test_layers_case_in_bfloat16_has_both_formats_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "has_fast_bfloat16", lambda device: True)

    assert measured(replace(LAYERS, precision="bfloat16")) == {
        "nextword": "bfloat16",
        "nextword, float32": "float32",
        "torch.nn": "float32",
        "torch.nn, bfloat16": "bfloat16",
    }


def test_layers_case_in_float32_has_one_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "has_fast_bfloat16", lambda device: False)

    assert measured(replace(LAYERS, precision="float32")) == {
        "nextword": "float32",
        "torch.nn": "float32",
    }
