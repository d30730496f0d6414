"""Gradual unfreezing of language models."""

import torch

from families import recurrent_cases
from nextword.models import NeuralLanguageModel
from nextword.tasks.classification.network.unfreezing import GradualUnfreezing


def model_with_gradients() -> NeuralLanguageModel:
    model = dict(recurrent_cases())["lstm-2-untied"].build(1)
    assert isinstance(model, NeuralLanguageModel)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model


def trained_parts(*, epoch: int, every: int) -> set[str]:
    model = model_with_gradients()
    GradualUnfreezing([model], every=every).drop_gradients(epoch=epoch)
    first, second = model.core.layers
    parts = {"top": second.parameters(), "bottom": first.parameters()}
    found = {name for name, each in parts.items() if all(p.grad is not None for p in each)}
    others = set(model.parameters()) - set(model.core.parameters())
    return found | ({"others"} if all(p.grad is not None for p in others) else set())


def test_unfreezing_trains_one_more_layer_after_every_epoch() -> None:
    assert [trained_parts(epoch=epoch, every=1) for epoch in range(4)] == [
        set(),
        {"top"},
        {"top", "bottom"},
        {"top", "bottom", "others"},
    ]


def test_unfreezing_waits_for_the_given_number_of_epochs() -> None:
    assert trained_parts(epoch=2, every=3) == set()
    assert trained_parts(epoch=3, every=3) == {"top"}
