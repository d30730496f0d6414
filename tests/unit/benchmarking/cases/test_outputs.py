from dataclasses import replace

import pytest
import torch
from torch import Tensor

from benchmark_cases import OUTPUTS, TINY_EFFORT
from nextword.base import BenchmarkError
from nextword.benchmarking.cases import outputs
from nextword.layers import ChunkedSoftmax


@pytest.fixture(autouse=True)
def memory_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure memory in this process, where the figures say nothing."""
    monkeypatch.setattr(
        outputs, "call_in_subprocess", lambda function, *arguments: function(*arguments)
    )


@pytest.mark.parametrize("kind", [*outputs.KINDS, outputs.PEER])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_output_parity_of_what_there_is_holds(kind: str, precision: torch.dtype) -> None:
    found = outputs.output_parity(kind, precision=precision)

    assert 0.0 < found.distance <= found.limit


def test_output_parity_wrong_losses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    nll = ChunkedSoftmax.nll

    def wrong(self: ChunkedSoftmax, hidden: Tensor, target_ids: Tensor) -> Tensor:
        return nll(self, hidden, target_ids) * 1.001

    monkeypatch.setattr(ChunkedSoftmax, "nll", wrong)

    with pytest.raises(BenchmarkError, match=r"the float64 reference is 1\.0e-03;"):
        outputs.output_parity("chunked", precision=torch.float32)


def test_outputs_case_has_every_kind_and_torch() -> None:
    told: list[str] = []

    result = replace(OUTPUTS, precision="bfloat16").measure(
        TINY_EFFORT, on_progress=lambda stage, *_, **__: told.append(stage)
    )

    rows = {row.name: row.precision for row in result.rows}
    assert list(rows) == ["full", "chunked", "adaptive", "sampled", "torch"]
    assert list(rows.values()) == ["bfloat16"] * 4 + ["float32"]
    assert told == ["checking", "pairs", "pairs", *["memory"] * 5]


def test_output_step_moves_weights_and_leaves_no_gradient() -> None:
    output = outputs.build_output("full", OUTPUTS.sizes)
    before = output.weight.detach().clone()

    outputs.output_step(output, OUTPUTS.sizes, precision=torch.float32)()

    assert not torch.equal(output.weight, before)
    assert all(parameter.grad is None for parameter in output.parameters())


def test_build_output_those_of_one_table_share_it() -> None:
    weight = torch.nn.Parameter(torch.zeros(60, 8))

    shared = {
        kind
        for kind in outputs.KINDS
        if any(
            parameter is weight
            for parameter in outputs.build_output(kind, OUTPUTS.sizes, weight=weight).parameters()
        )
    }

    assert shared == {"full", "chunked", "sampled"}


def test_plain_output_holds_every_score() -> None:
    assert outputs.PlainOutput(OUTPUTS.sizes).num_scores_held(7) == 7 * 60
