import copy

import numpy as np
import pytest
import torch

from families import CASES
from nextword.base import DivergedError
from nextword.batches import Batch
from nextword.evaluation import DynamicConfig, DynamicScorer, target_leak
from nextword.evaluation.adaptation.dynamic import text_scorer
from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Nll

SGD = DynamicConfig(rule="sgd", learning_rate=0.3, decay=0.05, segment_length=4)
RMS = DynamicConfig(rule="rms", learning_rate=0.01, decay=0.05, segment_length=4)
TOKEN_IDS = np.array([5, 4, 6, 5, 5, 3, 4, 7, 5, 6, 4])
VOCAB_SIZE = CASES["lstm-1-tied"].tokenizer.vocab_size


def network(name: str = "lstm-1-tied") -> NeuralLanguageModel:
    model = CASES[name].build(0)
    assert isinstance(model, NeuralLanguageModel)
    return model


def scores(model: NeuralLanguageModel, config: DynamicConfig) -> np.ndarray:
    return text_scorer(lambda: DynamicScorer(model, config=config))(TOKEN_IDS)


def by_hand(model: NeuralLanguageModel, config: DynamicConfig) -> np.ndarray:
    """The equations of the docstring, one weight after the other, in float64."""
    model = copy.deepcopy(model)
    weights = list(model.parameters())
    originals = [weight.detach().clone() for weight in weights]
    squares: list[list[torch.Tensor]] = [[] for _ in weights]
    read = torch.tensor([[model.boundary_id, *TOKEN_IDS[:-1]]])
    state, found = model.initial_state(1), []
    for start in range(0, len(TOKEN_IDS), config.segment_length):
        steps = slice(start, start + config.segment_length)
        log_probs, state = model.next_log_probs(read[:, steps], state)
        targets = torch.from_numpy(TOKEN_IDS[steps])
        nll = -log_probs[0, range(len(targets)), targets]
        found.append(nll.detach().numpy())
        model.zero_grad()
        nll.mean().backward()
        state = state.detach()
        gradients = [weight.grad for weight in weights]
        for past, gradient in zip(squares, gradients, strict=True):
            past.append(gradient**2)
        roots = [torch.stack(past).mean(dim=0).sqrt() for past in squares]
        mean_root = torch.cat([root.flatten() for root in roots]).mean()
        for weight, original, gradient, root in zip(
            weights, originals, gradients, roots, strict=True
        ):
            if config.rule == "sgd":
                step, share = gradient, torch.full_like(gradient, config.decay)
            else:
                step = gradient / (root + config.epsilon)
                share = torch.clamp(config.decay * root / mean_root, max=1.0)
            weight.data += share * (original - weight.data) - config.learning_rate * step
    return np.concatenate(found)


@pytest.mark.parametrize("config", [SGD, RMS], ids=["sgd", "rms"])
@pytest.mark.parametrize("name", ["lstm-1-tied", "transformer-2", "window-3-untied"])
def test_dynamic_equals_a_loop_written_by_hand(name: str, config: DynamicConfig) -> None:
    model = network(name)

    np.testing.assert_allclose(scores(model, config), by_hand(model, config), rtol=1e-10)


@pytest.mark.parametrize("name", ["maxent-lstm-3", "convolutional-max-None", "lstm-adaptive-tied"])
def test_dynamic_every_family_adapts_and_the_model_does_not_change(name: str) -> None:
    model = network(name)
    before = model.fingerprint()
    plain = model.nll(
        torch.tensor([[model.boundary_id, *TOKEN_IDS[:-1]]]),
        torch.from_numpy(TOKEN_IDS)[None],
        model.initial_state(1),
    )[0][0]

    adapted = scores(model, SGD)

    np.testing.assert_allclose(adapted[:4], plain[:4].detach().numpy(), rtol=1e-12)
    assert np.abs(adapted[4:] - plain[4:].detach().numpy()).max() > 1e-3
    assert model.fingerprint() == before


@pytest.mark.parametrize("config", [SGD, RMS], ids=["sgd", "rms"])
def test_dynamic_sees_no_target_before_it_is_scored(config: DynamicConfig) -> None:
    score = text_scorer(lambda: DynamicScorer(network(), config=config))

    leak = target_leak(score, TOKEN_IDS[:7], vocab_size=VOCAB_SIZE, positions=[2, 4, 6])

    assert leak < 1e-9


class UpdatesFirst(DynamicScorer):
    """Learns from a segment, and scores it afterwards."""

    def score_segment(self, segment: Batch, state: State) -> tuple[Nll, State]:
        nll, _ = self.forward(segment, state)
        self.update(nll, num_targets=segment.num_targets)
        nll, after = self.forward(segment, state)
        return nll.detach(), after


@pytest.mark.parametrize("segment_length", [1, 4])
def test_dynamic_planted_fault_is_seen(segment_length: int) -> None:
    config = DynamicConfig(rule="sgd", learning_rate=0.1, segment_length=segment_length)
    score = text_scorer(lambda: UpdatesFirst(network(), config=config))

    leak = target_leak(score, TOKEN_IDS[:6], vocab_size=VOCAB_SIZE, positions=[5])

    assert leak > 1e-3


def test_dynamic_units_reset_the_state_and_keep_the_weights() -> None:
    scorer = DynamicScorer(network(), config=SGD)
    windows = scorer.score(TOKEN_IDS, unit_starts=np.array([0, 6, 11]))

    assert [window.positions.tolist() for window in windows] == [[0], [4], [6], [10]]
    moved = zip(scorer.model.parameters(), network().parameters(), strict=True)
    assert any(not torch.equal(one, other) for one, other in moved)


def test_dynamic_divergence_names_the_learning_rate() -> None:
    config = DynamicConfig(learning_rate=3e38, segment_length=4)

    with pytest.raises(DivergedError, match=r"with dynamic.learning_rate=3e\+38") as caught:
        scores(network().float(), config)

    assert "--set dynamic.learning_rate=3e+37" in caught.value.help


def test_dynamic_nan_of_the_model_itself_names_the_model() -> None:
    model = network()
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)

    with pytest.raises(DivergedError, match="the model returns NaN for the token at position 0"):
        scores(model, SGD)
