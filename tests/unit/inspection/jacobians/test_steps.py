"""Jacobians of a step: equal to torch's own, for every cell, and in chains of steps."""

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from cells import CELLS
from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.base import ConfigError
from nextword.inspection import step_jacobians
from nextword.models import NeuralLanguageModel, model_trace


@pytest.mark.parametrize("kind", CELLS)
def test_step_jacobians_of_every_cell_equal_those_of_torch(kind: str) -> None:
    model, passage = recurrent_model(kind, num_layers=2), random_passage(7)
    trace = model_trace(model, passage.token_ids[None])

    found = step_jacobians(model, passage, start=2, num_steps=4)

    for layer, traced, cell in zip(found, trace.layers, model.core.layers, strict=True):
        assert layer.steps.shape[0] == 4
        for index, step in enumerate(range(2, 6)):
            inputs = traced.inputs[:, step].detach()

            def after(*parts: Tensor, inputs: Tensor = inputs, cell=cell) -> tuple[Tensor, ...]:
                return tuple(cell.step(inputs, cell.state_type(*parts))[1])

            before = tuple(
                traced.steps[step - 1].states[name].detach() for name in cell.state_names
            )
            blocks = jacobian(after, before)
            rows = [torch.cat([block[0, :, 0] for block in row], dim=1) for row in blocks]
            torch.testing.assert_close(layer.steps[index], torch.cat(rows), rtol=1e-10, atol=1e-12)


def test_step_jacobians_include_the_expected_zoneout() -> None:
    model = CASES["lstm-zoneout"].build(seed=1)
    assert isinstance(model, NeuralLanguageModel)
    passage = random_passage(5, vocab_size=model.vocab_size, boundary_id=model.boundary_id)
    [traced] = model_trace(model, passage.token_ids[None]).layers

    [layer] = step_jacobians(model, passage, start=3, num_steps=1)

    before = list(traced.steps[2].states.values())
    for row, entry in enumerate(torch.cat(list(traced.steps[3].states.values()), dim=1)[0]):
        gradients = torch.autograd.grad(entry, before, retain_graph=True)
        torch.testing.assert_close(layer.steps[0, row], torch.cat(gradients, dim=1)[0])


def test_step_jacobians_product_is_the_gradient_over_several_steps() -> None:
    model, passage = recurrent_model("gru"), random_passage(9)
    [traced] = model_trace(model, passage.token_ids[None]).layers

    [layer] = step_jacobians(model, passage, start=4, num_steps=3)

    product = layer.steps[2] @ layer.steps[1] @ layer.steps[0]
    before, after = (traced.steps[step].states["hidden_state"] for step in (3, 6))
    for row in range(product.shape[0]):
        [gradient] = torch.autograd.grad(after[0, row], before, retain_graph=True)
        torch.testing.assert_close(product[row], gradient[0])


def test_step_jacobians_first_step_is_after_the_initial_state() -> None:
    model, passage = recurrent_model("elman-tanh"), random_passage(3)

    [layer] = step_jacobians(model, passage, start=0, num_steps=1)

    assert layer.parts == {"hidden_state": 4}
    [traced] = model_trace(model, passage.token_ids[None]).layers
    slope = 1.0 - traced.steps[0].states["hidden_state"][0] ** 2
    expected = slope[:, None] * model.core.layers[0].get_parameter("weight_hh")
    torch.testing.assert_close(layer.steps[0], expected.detach())


def test_step_jacobians_of_a_window_model_are_refused() -> None:
    model = CASES["window-3-untied"].build(seed=0)
    passage = random_passage(5, vocab_size=model.vocab_size, boundary_id=model.boundary_id)

    with pytest.raises(ConfigError, match="'window' has no Jacobians: it has no state"):
        step_jacobians(model, passage, start=0, num_steps=1)
