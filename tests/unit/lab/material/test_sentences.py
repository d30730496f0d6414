"""Encoders of sentences."""

import pytest
import torch

from nextword.families import RecurrentConfig
from nextword.lab.material import last_states, train_encoder
from nextword.lab.tools import build_model
from nextword.models import NeuralLanguageModel


@pytest.fixture
def encoder() -> NeuralLanguageModel:
    torch.manual_seed(0)
    config = RecurrentConfig(hidden_size=16, embedding_size=8, tied=False)
    return build_model(config, vocab_size=20, dtype=torch.float32).eval()


def test_last_states_do_not_depend_on_longer_sentences_in_the_batch(
    encoder: NeuralLanguageModel,
) -> None:
    short, long = torch.tensor([4, 5]), torch.tensor([6, 7, 8, 9, 10])

    together = last_states(encoder, [short, long])

    assert torch.allclose(together[0], last_states(encoder, [short])[0], atol=1e-6)
    assert together.shape == (2, 16)


def test_trained_encoder_separates_sentences_by_their_first_word(
    encoder: NeuralLanguageModel,
) -> None:
    sentences = [torch.cat([torch.tensor([5 + n % 2]), torch.full((6,), 9)]) for n in range(8)]

    def distance() -> float:
        states = last_states(encoder, sentences[:2])
        return (states[0] - states[1]).norm().item()

    before = distance()
    train_encoder(encoder, sentences, num_updates=150)

    assert distance() > 3 * before
