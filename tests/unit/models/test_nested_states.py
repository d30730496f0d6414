import torch

from nextword.models import State, inner_state, nested


def fingerprint() -> str:
    return "outer"


def test_inner_state_has_the_tensors_of_one_model_only() -> None:
    initial = {
        **nested("1", {"a": torch.zeros(2)}),
        **nested("10", {"a": torch.ones(3)}),
        "own": torch.zeros(()),
    }
    state = State.fresh(initial, batch_size=4, fingerprint=fingerprint)

    inner = inner_state(state, "1", fingerprint=lambda: "inner")

    assert {name: tensor.shape for name, tensor in inner.tensors.items()} == {"a": (4, 2)}
    assert inner.initial["a"].shape == (2,)
    assert inner.fingerprint() == "inner"
