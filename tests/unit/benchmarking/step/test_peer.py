import pytest
import torch
from torch import nn

from benchmark_cases import TINY
from nextword.benchmarking.step import (
    Peer,
    StepSizes,
    at_default_precision,
    peer_step,
    timed_peer_step,
)
from nextword.tensors import has_onednn_bfloat16


def test_peer_is_tied_and_drops_a_half() -> None:
    peer = Peer(TINY)

    assert peer.decoder.weight is peer.encoder.weight
    assert (peer.dropout.p, peer.core.dropout) == (0.5, 0.5)
    assert peer.core.num_layers == TINY.num_layers


def test_peer_of_one_layer_has_nothing_between_layers_to_drop() -> None:
    one = StepSizes(num_layers=1, hidden_size=8, vocab_size=20)

    assert Peer(one).core.dropout == 0.0


def test_peer_gives_distributions() -> None:
    peer = Peer(TINY).eval()

    log_probs, state = peer(torch.zeros(3, 2, dtype=torch.int64), peer.initial_state(2))

    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(6))
    assert [part.shape for part in state] == [(2, 2, 8)] * 2


def test_peer_step_moves_by_a_clipped_gradient(monkeypatch) -> None:
    made = []
    monkeypatch.setattr(Peer, "train", lambda self: made.append(self) or self)
    clipped = []
    clip = nn.utils.clip_grad_norm_
    monkeypatch.setattr(
        nn.utils,
        "clip_grad_norm_",
        lambda parameters, norm: clipped.append(norm) or clip(parameters, norm),
    )
    step = peer_step(TINY)
    [peer] = made
    before = [parameter.detach().clone() for parameter in peer.parameters()]

    step()

    moved = [after.detach() - old for after, old in zip(peer.parameters(), before, strict=True)]
    norm = torch.cat([each.flatten() for each in moved]).norm().item()
    assert clipped == [0.25]
    assert 0.0 < norm <= 20.0 * 0.25 * 1.001


@pytest.mark.skipif(not has_onednn_bfloat16(), reason="torch has no LSTM in bfloat16 on this CPU")
def test_peer_step_under_bfloat16_multiplies_in_it(monkeypatch) -> None:
    seen = []
    forward = Peer.forward

    def watched(self, token_ids, state):
        seen.append(torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None)
        return forward(self, token_ids, state)

    monkeypatch.setattr(Peer, "forward", watched)

    peer_step(TINY)()
    peer_step(TINY, bfloat16=True)()

    assert seen == [None, torch.bfloat16]


def test_peer_step_alone_gives_seconds() -> None:
    assert timed_peer_step(TINY)() > 0.0


def test_at_default_precision_is_torchs_own_inside_and_ours_again_behind() -> None:
    chosen = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    seen = []
    try:
        at_default_precision(lambda: seen.append(torch.get_float32_matmul_precision()))()

        assert (seen, torch.get_float32_matmul_precision()) == (["highest"], "medium")
    finally:
        torch.set_float32_matmul_precision(chosen)
