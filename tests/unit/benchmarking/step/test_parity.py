"""The check of a step finds what is wrong."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.base import BenchmarkError
from nextword.benchmarking.step import parity, step_parity, training_state
from nextword.families import RecurrentLanguageModel
from nextword.layers import FullSoftmax
from nextword.recurrent import RecurrentStack


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("backend", ["auto", "hoisted", "aten"])
def test_step_parity_of_what_there_is_holds(precision: torch.dtype, backend: str) -> None:
    found = step_parity(num_layers=2, precision=precision, backend=backend)

    assert 0.0 < found.distance <= found.limit


def spoilt(method: Callable[..., Tensor], by: float) -> Callable[..., Tensor]:
    return lambda self, *arguments: method(self, *arguments) * (1.0 + by)


def test_step_parity_wrong_outputs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = RecurrentStack.forward

    def wrong(self: RecurrentStack, *arguments: object, **options: object) -> object:
        outputs, state = forward(self, *arguments, **options)
        return outputs * 1.001, state

    monkeypatch.setattr(RecurrentStack, "forward", wrong)

    with pytest.raises(BenchmarkError, match="the relative distance from the float64 reference"):
        step_parity(num_layers=1, precision=torch.float32)


def test_step_parity_wrong_loss_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FullSoftmax, "nll", spoilt(FullSoftmax.nll, 1e-3))

    with pytest.raises(BenchmarkError, match=r"the float64 reference is 1\.0e-03;"):
        step_parity(num_layers=1, precision=torch.float32)


def test_step_parity_state_that_is_not_carried_over_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hidden = RecurrentLanguageModel.hidden

    def forgetful(
        self: RecurrentLanguageModel, token_ids: Tensor, *_: object, **__: object
    ) -> object:
        return hidden(self, token_ids, self.initial_state(len(token_ids)))

    monkeypatch.setattr(RecurrentLanguageModel, "hidden", forgetful)

    with pytest.raises(BenchmarkError, match="the relative distance from the float64 reference"):
        step_parity(num_layers=1, precision=torch.float32)


def test_peer_with_weights_of_a_model_gives_its_distribution() -> None:
    sizes = parity.StepSizes(num_layers=2, **parity._SIZES)
    model = training_state(sizes, precision="float32", is_regularized=False).model.eval()
    token_ids = torch.arange(6).view(2, 3)

    peer, names = parity.peer_with_weights_of(model, sizes)

    with torch.no_grad():
        ours, _ = model.next_log_probs(token_ids, model.initial_state(2))
        theirs, _ = peer(token_ids.t(), peer.initial_state(2))
    torch.testing.assert_close(
        theirs.view(3, 2, -1).transpose(0, 1).float(), ours, rtol=1e-4, atol=1e-4
    )
    assert sorted(names.values()) == sorted(name for name, _ in model.named_parameters())
