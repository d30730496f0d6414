"""Itemized gradients: each entry by autograd, and the parts of a step add up to the gradient."""

import pytest
import torch

from cells import CELLS
from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.base import ConfigError
from nextword.inspection import itemized_gradients
from nextword.inspection.gradients import step_contributions, trace_window
from nextword.inspection.rows import state_gradients
from nextword.inspection.steps import recurrent_layers, with_gradients
from nextword.models import NeuralLanguageModel, model_trace

STEPS = 5
EVERYDAY = {"lstm", "elman-tanh"}
EVERY_CELL = [
    pytest.param(kind, marks=() if kind in EVERYDAY else pytest.mark.exhaustive) for kind in CELLS
]


@pytest.mark.parametrize("kind", EVERY_CELL)
def test_step_contributions_add_up_to_the_gradient_of_each_loss(kind: str) -> None:
    check_sums(recurrent_model(kind, num_layers=2))


@pytest.mark.parametrize("name", ["lstm-zoneout", "gru-residual"])
def test_step_contributions_add_up_with_zoneout_and_residuals(name: str) -> None:
    model = CASES[name].build(seed=1)
    assert isinstance(model, NeuralLanguageModel)
    check_sums(model)


def check_sums(model: NeuralLanguageModel) -> None:
    passage = random_passage(8, vocab_size=model.vocab_size, boundary_id=model.boundary_id)
    with with_gradients(model):
        trace = trace_window(model, passage, start=2, num_steps=STEPS)
        _, of_states = state_gradients(trace)
        layers = recurrent_layers(model)
    with torch.no_grad():
        before = model.advance(passage.token_ids[None, :2], model.initial_state(1))
    log_probs, _ = model.next_log_probs(passage.token_ids[None, 2:7], before)
    nll = -log_probs.gather(2, passage.target_ids[None, 2:7, None])[:, :, 0]
    for layer, traced, gradients in zip(layers, trace.layers, of_states, strict=True):
        sums = [dict[str, torch.Tensor]() for _ in range(STEPS)]
        for _, loss, found in step_contributions(layer, traced, gradients=gradients):
            for name, value in found.items():
                sums[loss][name] = sums[loss].get(name, torch.zeros(())) + value
        for loss in range(STEPS):
            expected = torch.autograd.grad(
                nll[0, loss],
                [layer.cell.get_parameter(name) for name in sums[loss]],
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            for name, gradient in zip(sums[loss], expected, strict=True):
                torch.testing.assert_close(sums[loss][name], gradient, rtol=1e-8, atol=1e-12)


def test_itemized_gradients_states_equal_autograd_of_one_graph() -> None:
    model, passage = recurrent_model("lstm", num_layers=2), random_passage(8)
    trace = model_trace(model, passage.token_ids[None])
    losses = -trace.log_probs[0].gather(1, passage.target_ids[:, None])[:, 0]

    window = itemized_gradients(model, passage, num_steps=STEPS)

    for found, layer in zip(window.layers, trace.layers, strict=True):
        for loss in range(STEPS):
            for step in range(STEPS):
                nodes = list(layer.steps[step].states.values())
                gradients = torch.autograd.grad(
                    losses[loss],
                    nodes,
                    retain_graph=True,
                    allow_unused=True,
                    materialize_grads=True,
                )
                norm = float(torch.cat(gradients, dim=1).norm())
                assert found.states[loss][step] == pytest.approx(norm, rel=1e-8, abs=1e-15)
                assert (found.states[loss][step] > 0.0) == (step <= loss)
                assert (found.parameters[loss][step] > 0.0) == (step <= loss)


def test_itemized_gradients_names_the_tokens_of_the_window() -> None:
    passage = random_passage(8)

    window = itemized_gradients(recurrent_model("gru"), passage, num_steps=3, start=2)

    assert window.texts == tuple(passage.texts[1:4])
    assert window.target_texts == tuple(passage.texts[2:5])
    assert window.to_dict()["start"] == 2


def test_itemized_gradients_without_states_are_of_the_embeddings() -> None:
    model = CASES["window-3-untied"].build(seed=1)
    passage = random_passage(8, vocab_size=model.vocab_size, boundary_id=model.boundary_id)

    [layer] = itemized_gradients(model, passage, num_steps=6).layers

    assert layer.layer == 0
    assert layer.parameters == ()
    for loss, row in enumerate(layer.states):
        assert [norm > 0.0 for norm in row] == [loss - 3 < step <= loss for step in range(6)]


def test_itemized_gradients_window_beyond_the_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 4 tokens"):
        itemized_gradients(recurrent_model("gru"), random_passage(4), num_steps=5)
