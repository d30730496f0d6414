"""Gradients by lag: equal to autograd through the steps by hand, for every cell."""

import pytest
import torch
from torch import Tensor

from cells import CELLS
from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.base import ConfigError
from nextword.families import RecurrentLanguageModel
from nextword.inspection import Passage, gradient_flow, gradients_along
from nextword.models import model_trace

LAGS = 5


def gradients_by_hand(
    model: RecurrentLanguageModel, passage: Passage, *, position: int, lag: int
) -> list[Tensor]:
    """The gradient of one loss with respect to each part of the state of the only layer."""
    [cell] = model.core.layers
    embeddings = model.embed(passage.token_ids[None])
    state = cell.initial_state(1)
    for step in range(position - lag + 1):
        _, state = cell.step(embeddings[:, step], state)
    leaves = [part.detach().requires_grad_() for part in state]
    state = type(state)(*leaves)
    outputs = cell.outputs(state[0])
    for step in range(position - lag + 1, position + 1):
        outputs, state = cell.step(embeddings[:, step], state)
    loss = -model.output.log_probs(outputs)[0, passage.target_ids[position]]
    return list(torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize("kind", CELLS)
def test_gradient_flow_of_every_cell_equals_autograd_by_hand(kind: str) -> None:
    model, passage = recurrent_model(kind), random_passage(11)

    flow = gradient_flow(model, passage, num_lags=LAGS)

    names = model.core.layers[0].state_names
    positions = range(LAGS, len(passage))
    for lag in range(LAGS + 1):
        rows = [
            gradients_by_hand(model, passage, position=position, lag=lag) for position in positions
        ]
        for part, name in enumerate(names):
            norms = torch.stack([row[part].norm() for row in rows])
            assert flow.curve(name, layer=1).means[lag] == pytest.approx(
                float(norms.mean()), rel=1e-8, abs=1e-12
            )
        if len(names) > 1:
            whole = torch.stack([torch.cat(row, dim=1).norm() for row in rows])
            assert flow.curve("state", layer=1).means[lag] == pytest.approx(
                float(whole.mean()), rel=1e-8
            )


@pytest.mark.parametrize("name", ["lstm-2-tied", "gru-residual", "lstm-zoneout", "maxent-lstm-3"])
def test_gradient_flow_of_stacks_equals_one_graph_of_the_whole_text(name: str) -> None:
    model = CASES[name].build(seed=1)
    passage = random_passage(12, vocab_size=model.vocab_size, boundary_id=model.boundary_id)
    trace = model_trace(model, passage.token_ids[None])
    losses = -trace.log_probs[0].gather(1, passage.target_ids[:, None])[:, 0]

    flow = gradient_flow(model, passage, num_lags=LAGS)

    for number, layer in enumerate(trace.layers, start=1):
        for part in layer.initial_state:
            for lag in range(LAGS + 1):
                norms = []
                for position in range(LAGS, len(passage)):
                    node = layer.steps[position - lag].states[part]
                    [gradient] = torch.autograd.grad(
                        losses[position],
                        node,
                        retain_graph=True,
                        allow_unused=True,
                        materialize_grads=True,
                    )
                    norms.append(gradient.norm())
                assert flow.curve(part, layer=number).means[lag] == pytest.approx(
                    float(torch.stack(norms).mean()), rel=1e-8, abs=1e-12
                )


@pytest.mark.parametrize("name", ["window-3-untied", "transformer-2"])
def test_gradient_flow_without_states_is_of_the_embeddings(name: str) -> None:
    model = CASES[name].build(seed=1)
    passage = random_passage(12, vocab_size=model.vocab_size, boundary_id=model.boundary_id)
    trace = model_trace(model, passage.token_ids[None])
    losses = -trace.log_probs[0].gather(1, passage.target_ids[:, None])[:, 0]

    flow = gradient_flow(model, passage, num_lags=LAGS)

    expected = torch.zeros(LAGS + 1, dtype=torch.float64)
    for position in range(LAGS, len(passage)):
        [gradient] = torch.autograd.grad(losses[position], trace.embeddings, retain_graph=True)
        expected += gradient[0, position - LAGS : position + 1].norm(dim=1).flip(0)
    [curve] = flow.curves
    assert (curve.layer, curve.part) == (0, "embeddings")
    torch.testing.assert_close(
        torch.tensor(curve.means, dtype=torch.float64), expected / (len(passage) - LAGS)
    )
    assert "no recurrent state" in flow.notes[0]


def test_gradient_flow_leaves_modes_and_gradients_as_they_were() -> None:
    model = recurrent_model("lstm").train()

    gradient_flow(model, random_passage(9), num_lags=3)

    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradient_flow_averages_chosen_positions() -> None:
    model, passage = recurrent_model("gru"), random_passage(30)

    flow = gradient_flow(model, passage, num_lags=4, num_positions=3)

    assert flow.num_positions == 3
    by_hand = [
        gradients_by_hand(model, passage, position=position, lag=2)[0].norm()
        for position in (4, 16, 29)
    ]
    assert flow.curve("hidden_state", layer=1).means[2] == pytest.approx(
        float(torch.stack(by_hand).mean()), rel=1e-8
    )


def test_gradient_flow_of_a_linear_cell_has_the_factor_of_its_matrix() -> None:
    model = recurrent_model("linear")
    weight = model.core.layers[0].get_parameter("weight_hh")
    with torch.no_grad():
        weight.copy_(0.5 * torch.linalg.qr(weight)[0])

    flow = gradient_flow(model, random_passage(40), num_lags=10)

    curve = flow.curve("hidden_state", layer=1)
    assert curve.factor == pytest.approx(0.5)
    assert curve.half_life == pytest.approx(1.0)


def test_gradient_flow_text_shorter_than_the_lag_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 5 tokens, but looking back over 5 steps needs") as e:
        gradient_flow(recurrent_model("lstm"), random_passage(5), num_lags=5)

    assert "--lags to at most 4" in e.value.help


def test_gradient_flow_unknown_layer_is_refused_with_those_that_exist() -> None:
    flow = gradient_flow(recurrent_model("gru"), random_passage(9), num_lags=2)

    with pytest.raises(ConfigError, match="layer 2 has no part 'hidden_state'") as caught:
        flow.curve("hidden_state", layer=2)

    assert caught.value.help == "Known: embeddings of layer 0, hidden_state of layer 1."


def test_gradient_flow_of_counts_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no gradients: it reads its probabilities from co"):
        gradient_flow(CASES["ngram-2-kneser_ney"].build(seed=0), random_passage(9), num_lags=2)


def test_gradients_along_is_the_flow_token_by_token() -> None:
    model, passage = recurrent_model("lstm", num_layers=2), random_passage(14)

    along = gradients_along(model, passage, num_lags=LAGS, num_tokens=6)

    assert along.start == LAGS
    assert along.texts == passage.shown_texts(LAGS, LAGS + 6)
    assert [len(row) for row in along.norms[1]] == [1, 2, 3, 4, 5, 6]
    flow = gradient_flow(model, passage.first(LAGS + 1), num_lags=LAGS)
    assert along.norms[2][0][0] == pytest.approx(flow.curve("state", layer=2).means[0])
