"""A model that reads its own samples in training."""

import pytest
import torch

from fakes import network_spec
from nextword.families import RecurrentConfig
from nextword.models import NeuralLanguageModel
from nextword.training.language_modeling.free_running import free_running_ids

VOCAB_SIZE = 9


@pytest.fixture
def model() -> NeuralLanguageModel:
    torch.manual_seed(5)
    config = RecurrentConfig(cell="gru", hidden_size=5, num_layers=1)
    return config.build(network_spec(VOCAB_SIZE, boundary_id=3, never_ids=(0, 2)))


@pytest.fixture
def token_ids() -> torch.Tensor:
    return torch.randint(3, VOCAB_SIZE, (4, 6), generator=torch.Generator().manual_seed(1))


def test_free_running_with_probability_zero_reads_the_true_tokens(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    read = free_running_ids(
        model, token_ids, state=model.initial_state(4), lengths=None, probability=0.0
    )

    assert torch.equal(read, token_ids)


def test_free_running_with_probability_one_reads_the_true_token_only_first(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    torch.manual_seed(2)

    read = free_running_ids(
        model, token_ids, state=model.initial_state(4), lengths=None, probability=1.0
    )

    assert torch.equal(read[:, 0], token_ids[:, 0])
    assert not torch.equal(read[:, 1:], token_ids[:, 1:])
    # Ids that are never predicted are never sampled.
    assert not torch.isin(read, torch.tensor([0, 2])).any()


def test_free_running_samples_follow_the_models_distribution(model: NeuralLanguageModel) -> None:
    torch.manual_seed(2)
    first = torch.full((4000, 2), 4)
    state = model.initial_state(4000)

    read = free_running_ids(model, first, state=state, lengths=None, probability=1.0)

    expected = model.next_log_probs(first[:1, :1], model.initial_state(1))[0][0, 0].exp()
    shares = torch.bincount(read[:, 1], minlength=VOCAB_SIZE) / 4000
    torch.testing.assert_close(shares, expected.detach(), rtol=0, atol=0.03)


def test_free_running_valid_ids_do_not_depend_on_the_padding(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    lengths = torch.tensor([3, 6, 2, 5])
    read = []
    for each in (lengths, None):
        torch.manual_seed(3)
        state = model.initial_state(4)
        read.append(free_running_ids(model, token_ids, state=state, lengths=each, probability=1.0))

    is_valid = torch.arange(6) < lengths[:, None]
    assert torch.equal(read[0][is_valid], read[1][is_valid])


def test_free_running_without_lengths_left_samples_from_the_state_before(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    lengths = torch.tensor([6, 6, 6, 6])
    options = {"probability": 0.5}
    torch.manual_seed(3)
    with_lengths = free_running_ids(
        model, token_ids, state=model.initial_state(4), lengths=lengths, **options
    )
    torch.manual_seed(3)
    without = free_running_ids(
        model, token_ids, state=model.initial_state(4), lengths=None, **options
    )

    assert torch.equal(with_lengths, without)
