"""A model that reads its own output in training."""

import pytest
import torch

from nextword.models import NeuralLanguageModel, RecurrentConfig, RegularizationConfig
from nextword.training.free_running import free_running_hidden

VOCAB_SIZE = 9


@pytest.fixture
def model() -> NeuralLanguageModel:
    torch.manual_seed(5)
    return RecurrentConfig(cell="gru", hidden_size=5, num_layers=1).build(
        vocab_size=VOCAB_SIZE,
        boundary_id=3,
        never_ids=(0, 2),
        regularization=RegularizationConfig(),
    )


@pytest.fixture
def token_ids() -> torch.Tensor:
    return torch.randint(3, VOCAB_SIZE, (4, 6), generator=torch.Generator().manual_seed(1))


def test_free_running_with_probability_zero_reads_the_true_tokens(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    expected, after = model.hidden(token_ids, model.initial_state(4), None)

    hidden, read, state = free_running_hidden(
        model, token_ids, model.initial_state(4), None, probability=0.0
    )

    assert torch.equal(read, token_ids)
    torch.testing.assert_close(hidden, expected)
    for name, tensor in after.tensors.items():
        torch.testing.assert_close(state.tensors[name], tensor)


def test_free_running_with_probability_one_reads_the_true_token_only_first(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    torch.manual_seed(2)

    _, read, _ = free_running_hidden(
        model, token_ids, model.initial_state(4), None, probability=1.0
    )

    assert torch.equal(read[:, 0], token_ids[:, 0])
    assert not torch.equal(read[:, 1:], token_ids[:, 1:])
    # What the model says never comes is not drawn either.
    assert not torch.isin(read, torch.tensor([0, 2])).any()


def test_free_running_hidden_is_that_of_the_tokens_read(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    hidden, read, _ = free_running_hidden(
        model, token_ids, model.initial_state(4), None, probability=0.5
    )

    torch.testing.assert_close(hidden, model.hidden(read, model.initial_state(4), None)[0])


def test_free_running_draws_what_the_model_holds_for_sure(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    with torch.no_grad():
        model.output.bias[7] = 1e4

    _, read, _ = free_running_hidden(
        model, token_ids, model.initial_state(4), None, probability=1.0
    )

    assert (read[:, 1:] == 7).all()


def test_free_running_keeps_the_state_of_rows_that_have_ended(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    lengths = torch.tensor([6, 3, 1, 0])

    hidden, read, state = free_running_hidden(
        model, token_ids, model.initial_state(4), lengths, probability=0.5
    )

    expected, after = model.hidden(read, model.initial_state(4), lengths)
    torch.testing.assert_close(hidden, expected)
    assert state.num_tokens.tolist() == after.num_tokens.tolist() == [6, 3, 1, 0]


def test_free_running_of_a_diverged_model_still_draws(
    model: NeuralLanguageModel, token_ids: torch.Tensor
) -> None:
    with torch.no_grad():
        model.output.bias.fill_(torch.nan)

    _, read, _ = free_running_hidden(
        model, token_ids, model.initial_state(4), None, probability=1.0
    )

    assert ((read >= 0) & (read < VOCAB_SIZE)).all()
