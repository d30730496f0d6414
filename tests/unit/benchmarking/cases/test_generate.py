from dataclasses import replace

import pytest
import torch

from benchmark_cases import TINY_EFFORT
from nextword.base import BenchmarkError
from nextword.benchmarking import GenerateCase, GenerateSizes
from nextword.benchmarking.cases import generate
from nextword.benchmarking.generation import GeneratePeer, has_onnxruntime, peer_step
from nextword.packed import fast_model, pack_model
from packed_models import made_model

CASE = GenerateCase(
    name="generate-tiny",
    summary="tiny generation",
    sizes=GenerateSizes(hidden_size=8, vocab_size=30, num_tokens=5),
)


@pytest.fixture(autouse=True)
def _generator() -> None:
    if fast_model(made_model()) is None:
        pytest.skip("the compiled generator is not installed")


@pytest.mark.parametrize("num_streams", [1, 3])
def test_generate_case_has_a_row_for_each_program(num_streams: int) -> None:
    case = replace(CASE, sizes=replace(CASE.sizes, num_streams=num_streams))

    result = case.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)

    ours = [f"nextword, {precision}" for precision in ("bfloat16", "int8", "float32")]
    others = ["onnxruntime", "torch"] if has_onnxruntime() else ["torch"]
    assert [row.name for row in result.rows] == [*ours, *others]
    assert result.kind == "generate"
    assert 0.0 < result.parity.distance <= result.parity.limit
    for row in result.rows:
        tokens = 5 * num_streams
        assert row.tokens_per_second == pytest.approx(tokens / row.seconds.median)
        assert (row.share_of_bandwidth is not None) == row.name.startswith("nextword")


def test_generate_case_wrong_scores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(model: object, *, precision: str) -> object:
        other = made_other(model)
        return pack_model(other, precision=precision)

    monkeypatch.setattr(generate, "pack_model", wrong)

    with pytest.raises(BenchmarkError, match="the relative distance from the float64 reference"):
        CASE.measure(TINY_EFFORT, on_progress=lambda *_, **__: None)


def made_other(model: object) -> torch.nn.Module:
    assert isinstance(model, torch.nn.Module)
    with torch.no_grad():
        model.core.cells[0].weight_hh.mul_(1.2)
    return model


def test_peer_draws_every_token_of_every_text() -> None:
    torch.manual_seed(0)
    sizes = replace(CASE.sizes, num_streams=4)

    drawn = peer_step(GeneratePeer(sizes), sizes)()

    assert drawn.shape == (5, 4)
    assert len(drawn.unique()) > 4


@pytest.mark.skipif(not has_onnxruntime(), reason="onnxruntime is not installed")
def test_onnxruntime_has_the_scores_of_the_peer() -> None:
    from nextword.benchmarking.generation.onnx_peer import onnx_session

    torch.manual_seed(0)
    sizes = replace(CASE.sizes, num_streams=2)
    peer = GeneratePeer(sizes).eval()
    token_ids = torch.tensor([[3, 9]])
    state = tuple(torch.randn_like(part) for part in peer.initial_state(2))
    feeds = {"token_ids": token_ids.numpy()}
    for depth in range(2):
        feeds |= {f"h_{depth}": state[0][depth : depth + 1].numpy()}
        feeds |= {f"c_{depth}": state[1][depth : depth + 1].numpy()}

    [logits] = onnx_session(peer).run(["logits"], feeds)

    with torch.no_grad():
        expected, _ = peer(token_ids, state)
    log_probs = torch.from_numpy(logits[0]).log_softmax(1)
    torch.testing.assert_close(log_probs, expected, rtol=1e-4, atol=1e-5)
