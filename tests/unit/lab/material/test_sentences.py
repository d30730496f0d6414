"""Encoders of sentences."""

import math

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


def test_encoder_learns_which_words_a_sentence_has(encoder: NeuralLanguageModel) -> None:
    sentences = [torch.full((3,), word) for word in (5, 6)]

    losses = train_encoder(encoder, sentences, num_updates=60, learning_rate=2e-2)

    # Without the state, both words are equally probable.
    assert losses[-1] < 0.9 * math.log(2)
