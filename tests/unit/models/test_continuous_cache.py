import numpy as np
import pytest
import torch

from families import CASES
from nextword.base import ConfigError
from nextword.models import ContinuousCacheConfig, ContinuousCacheModel, NeuralLanguageModel

TOKEN_IDS = torch.tensor([[3, 5, 4, 5, 5, 6, 4, 7, 5, 4, 6]])


def network(name: str = "lstm-1-tied") -> NeuralLanguageModel:
    model = CASES[name].build(0)
    assert isinstance(model, NeuralLanguageModel)
    return model


def brute_force(model: NeuralLanguageModel, config: ContinuousCacheConfig) -> np.ndarray:
    """The probabilities after each token, with every pair of the cache summed by itself."""
    log_probs, _ = model.next_log_probs(TOKEN_IDS, model.initial_state(1))
    hidden = model.hidden(TOKEN_IDS, model.initial_state(1))[0][0].detach().numpy()
    ids = TOKEN_IDS[0].tolist()
    mixed = []
    for step in range(len(ids)):
        plain = log_probs[0, step].exp().detach().numpy()
        scores = np.zeros(model.vocab_size)
        for i in range(max(0, step - config.size), step):
            scores[ids[i + 1]] += np.exp(config.theta * hidden[step] @ hidden[i])
        total = scores.sum()
        share = config.weight if total else 0.0
        mixed.append((1 - share) * plain + (share * scores / total if total else 0.0))
    return np.array(mixed)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("name", ["lstm-1-tied", "transformer-2", "window-3-untied"])
def test_cache_equals_the_sum_over_every_pair(name: str, size: int) -> None:
    config = ContinuousCacheConfig(size=size, theta=0.7, weight=0.25)
    cached = ContinuousCacheModel(network(name), config=config)

    log_probs, _ = cached.next_log_probs(TOKEN_IDS, cached.initial_state(1))

    expected = brute_force(network(name), config)
    np.testing.assert_allclose(log_probs[0].exp().detach().numpy(), expected, rtol=1e-9, atol=1e-12)


def test_cache_blocks_of_steps_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    cached = ContinuousCacheModel(network(), config=ContinuousCacheConfig(size=5))
    whole, _ = cached.next_log_probs(TOKEN_IDS, cached.initial_state(1))

    monkeypatch.setattr("nextword.models.continuous_cache._BLOCK", 2)
    blocks, _ = cached.next_log_probs(TOKEN_IDS, cached.initial_state(1))

    torch.testing.assert_close(blocks, whole)


def test_cache_without_weight_is_the_model() -> None:
    model = network()
    cached = ContinuousCacheModel(model, config=ContinuousCacheConfig(weight=0.0, size=4))

    log_probs, _ = cached.next_log_probs(TOKEN_IDS, cached.initial_state(1))

    assert torch.equal(log_probs, model.next_log_probs(TOKEN_IDS, model.initial_state(1))[0])


def test_cache_reset_empties_it() -> None:
    cached = ContinuousCacheModel(network(), config=ContinuousCacheConfig(size=4))
    state = cached.advance(TOKEN_IDS, cached.initial_state(1))

    emptied = state.reset(torch.tensor([0]))

    assert emptied.tensors["cache_ids"].tolist() == [[-1, -1, -1, -1]]
    assert state.tensors["cache_ids"].tolist() == [TOKEN_IDS[0, -4:].tolist()]


def test_cache_of_all_the_weight_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cache\.weight is 1\.0; it must be below 1"):
        ContinuousCacheConfig(weight=1.0)
