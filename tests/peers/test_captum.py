"""Saliency beside captum, which implements the same methods independently."""

import pytest
import torch
from torch import Tensor

from inspected_models import random_passage, recurrent_model
from nextword.inspection import Passage, attributions
from nextword.inspection.saliency import baseline_vector
from nextword.models import NeuralLanguageModel

captum = pytest.importorskip("captum.attr")

pytestmark = [
    pytest.mark.peer,
    # captum sets requires_grad on inputs that are not leaves of a graph, and says so.
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients"),
]

LAGS, POSITION = 5, 7


def score_of(model: NeuralLanguageModel, passage: Passage) -> object:
    """The log-probability of one target as a function of the vectors of the last tokens."""
    start = POSITION - LAGS
    with torch.no_grad():
        state = model.advance(passage.token_ids[None, :start], model.initial_state(1))
    ids = passage.token_ids[None, start : POSITION + 1]

    def score(embeddings: Tensor) -> Tensor:
        rows = torch.zeros(len(embeddings), dtype=torch.int64)
        hidden, _ = model.hidden_from_embeddings(
            embeddings,
            state.select(rows),
            token_ids=ids.expand(len(embeddings), -1),
            layer_traces=[],
        )
        return model.output.log_probs(hidden[:, -1])[:, passage.target_ids[POSITION]]

    return score


@pytest.mark.parametrize("kind", ["lstm", "gru", "elman-tanh"])
def test_attributions_equal_those_of_captum(kind: str) -> None:
    model, passage = recurrent_model(kind, num_layers=2), random_passage(9)
    score = score_of(model, passage)
    inputs = model.embed(passage.token_ids[None, POSITION - LAGS : POSITION + 1]).detach()
    baseline = baseline_vector(model, "mean").expand_as(inputs).contiguous()
    mask = torch.arange(LAGS + 1)[None, :, None].expand_as(inputs)

    ours = attributions(
        model, passage, positions=torch.tensor([POSITION]), num_lags=LAGS, num_points=16
    )

    integrated = captum.IntegratedGradients(score).attribute(
        inputs, baselines=baseline, n_steps=16, method="gausslegendre"
    )
    occluded = captum.FeatureAblation(score).attribute(
        inputs, baselines=baseline, feature_mask=mask
    )
    theirs = {
        "integrated_gradients": integrated.sum(dim=2),
        # Every entry of a token has the change of the whole token.
        "occlusion": occluded[:, :, 0],
    }
    for name, expected in theirs.items():
        torch.testing.assert_close(
            ours[name].values, expected.flip(1).detach(), rtol=1e-8, atol=1e-10
        )


def test_gradient_x_input_from_zero_equals_that_of_captum() -> None:
    model, passage = recurrent_model("lstm", num_layers=2), random_passage(9)
    inputs = model.embed(passage.token_ids[None, POSITION - LAGS : POSITION + 1]).detach()

    ours = attributions(
        model,
        passage,
        positions=torch.tensor([POSITION]),
        num_lags=LAGS,
        methods=["gradient_x_input"],
        baseline="zero",
    )

    theirs = captum.InputXGradient(score_of(model, passage)).attribute(inputs).sum(dim=2)
    torch.testing.assert_close(
        ours["gradient_x_input"].values, theirs.flip(1).detach(), rtol=1e-8, atol=1e-10
    )
