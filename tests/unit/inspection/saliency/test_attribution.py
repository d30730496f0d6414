"""Saliency: definitions by hand, completeness, and refusals."""

import pytest
import torch

from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.base import ConfigError
from nextword.inspection import Passage, attributions, inspect_saliency
from nextword.inspection.saliency import baseline_vector, known_baseline
from nextword.models import NeuralLanguageModel, model_trace

LAGS = 4
POSITIONS = torch.tensor([5, 8])
NAMES = ["lstm-2-tied", "gru-residual", "window-3-untied", "transformer-2", "maxent-lstm-3"]


def built(name: str) -> tuple[NeuralLanguageModel, Passage]:
    model = CASES[name].build(seed=2)
    assert isinstance(model, NeuralLanguageModel)
    passage = random_passage(10, vocab_size=model.vocab_size, boundary_id=model.boundary_id)
    return model, passage


def score(model: NeuralLanguageModel, passage: Passage, position: int, embeddings=None):
    trace = model_trace(model, passage.token_ids[None], embeddings=embeddings)
    return trace.log_probs[0, position, passage.target_ids[position]], trace.embeddings


@pytest.mark.parametrize("name", NAMES)
def test_attributions_gradient_x_input_is_the_product(name: str) -> None:
    model, passage = built(name)
    baseline = baseline_vector(model, "mean")

    found = attributions(
        model, passage, positions=POSITIONS, num_lags=LAGS, methods=["gradient_x_input"]
    )["gradient_x_input"]

    for row, position in enumerate(POSITIONS.tolist()):
        value, embeddings = score(model, passage, position)
        [gradient] = torch.autograd.grad(value, embeddings)
        expected = (gradient * (embeddings - baseline))[0].sum(dim=1)
        torch.testing.assert_close(
            found.values[row], expected[position - LAGS : position + 1].flip(0).detach()
        )


@pytest.mark.parametrize("name", NAMES)
def test_attributions_occlusion_is_the_change_of_the_score(name: str) -> None:
    model, passage = built(name)
    baseline = baseline_vector(model, "zero")

    found = attributions(
        model,
        passage,
        positions=POSITIONS,
        num_lags=LAGS,
        methods=["occlusion"],
        baseline="zero",
    )["occlusion"]

    for row, position in enumerate(POSITIONS.tolist()):
        value, embeddings = score(model, passage, position)
        for lag in range(LAGS + 1):
            changed = embeddings.detach().clone()
            changed[0, position - lag] = baseline
            after, _ = score(model, passage, position, changed)
            torch.testing.assert_close(found.values[row, lag], (value - after).detach())


@pytest.mark.parametrize("name", ["lstm-2-tied", "gru-residual", "transformer-2"])
def test_attributions_integrated_gradients_are_complete(name: str) -> None:
    model, passage = built(name)

    found = attributions(
        model,
        passage,
        positions=POSITIONS,
        num_lags=LAGS,
        methods=["integrated_gradients"],
        num_points=24,
    )["integrated_gradients"]

    assert found.completeness_error is not None
    # The rectified units of a Transformer have kinks, at which the quadrature converges slowly.
    assert found.completeness_error < (1e-2 if name.startswith("transformer") else 1e-9)
    assert found.totals is not None
    value, embeddings = score(model, passage, 5)
    replaced = embeddings.detach().clone()
    replaced[0, 5 - LAGS : 6] = baseline_vector(model, "mean")
    torch.testing.assert_close(
        found.totals[0], (value - score(model, passage, 5, replaced)[0]).detach()
    )


def test_attributions_too_few_points_report_an_incomplete_sum() -> None:
    model, passage = recurrent_model("gru"), random_passage(10)

    found = attributions(
        model,
        passage,
        positions=POSITIONS,
        num_lags=LAGS,
        methods=["integrated_gradients"],
        num_points=1,
    )["integrated_gradients"]

    assert found.completeness_error is not None
    assert found.completeness_error > 1e-3


def test_baseline_vector_of_one_hot_inputs_is_uniform() -> None:
    model = CASES["lstm-one-hot"].build(seed=0)
    assert isinstance(model, NeuralLanguageModel)

    vector = baseline_vector(model, "mean")

    torch.testing.assert_close(vector, torch.full_like(vector, 1.0 / model.vocab_size))


def test_baseline_vector_mean_is_that_of_the_table() -> None:
    model = recurrent_model("gru")
    assert isinstance(model.embedding, torch.nn.Parameter)

    torch.testing.assert_close(baseline_vector(model, "mean"), model.embedding.mean(dim=0).detach())


def test_baseline_vector_unknown_is_the_embedding_of_that_token() -> None:
    model = recurrent_model("gru")
    assert isinstance(model.embedding, torch.nn.Parameter)

    assert torch.equal(baseline_vector(model, "unknown", unknown_id=2), model.embedding[2].detach())
    with pytest.raises(ConfigError, match="no unknown_id is given"):
        baseline_vector(model, "unknown")


def test_known_baseline_of_another_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no baseline 'means'"):
        known_baseline("means")


def test_inspect_saliency_position_explains_that_prediction() -> None:
    model, passage = built("lstm-2-tied")
    tokenizer = CASES["lstm-2-tied"].tokenizer

    result = inspect_saliency(model, tokenizer, passage=passage, position=9, num_lags=LAGS)

    expected = attributions(model, passage, positions=torch.tensor([8]), num_lags=LAGS)
    for method in result.methods:
        assert method.rows[0] == pytest.approx(expected[method.method].values[0].tolist())
    assert result.texts == passage.shown_texts(4, 9)
    assert len(result.predictions) == len(result.texts)


def test_inspect_saliency_averages_absolute_values() -> None:
    model, passage = built("lstm-2-tied")
    tokenizer = CASES["lstm-2-tied"].tokenizer

    result = inspect_saliency(model, tokenizer, passage=passage, num_lags=LAGS, num_positions=2)

    expected = attributions(model, passage, positions=torch.tensor([4, 9]), num_lags=LAGS)
    for method in result.methods:
        mean = expected[method.method].values.abs().mean(dim=0)
        assert method.mean_absolute == pytest.approx(mean.tolist())
        assert len(method.rows) == len(passage) - LAGS


def test_inspect_saliency_position_without_context_is_refused() -> None:
    model, passage = built("lstm-2-tied")
    tokenizer = CASES["lstm-2-tied"].tokenizer

    with pytest.raises(ConfigError, match="position is 4"):
        inspect_saliency(model, tokenizer, passage=passage, position=4, num_lags=LAGS)
