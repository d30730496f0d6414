"""Models with numbered positions: what each token is predicted from, and what is read again."""

import pytest
import torch
from torch import Tensor

import huggingface_models as made
from nextword.base import ConfigError
from nextword.interop import WindowedHuggingFaceModel

pytest.importorskip("transformers")

NUM_STEPS = 29


def model_of(stride: int = 3) -> WindowedHuggingFaceModel:
    model = made.model("gpt2", stride=stride)
    assert isinstance(model, WindowedHuggingFaceModel)
    assert model.causal.can_continue_by_tokens
    assert model.causal.can_continue_in_chunks
    return model


def ids(batch_size: int = 2, num_steps: int = NUM_STEPS) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(made.VOCAB_SIZE, (batch_size, num_steps), generator=generator)


def sliding_windows(model: WindowedHuggingFaceModel, token_ids: Tensor) -> Tensor:
    """The published recipe, on the network itself: a window every stride, its new end scored."""
    scores, num_scored = [], 0
    for start in range(0, token_ids.shape[1], model.stride):
        end = min(start + model.context_size, token_ids.shape[1])
        logits = model.network(input_ids=token_ids[:, start:end]).logits
        scores.append(logits[:, num_scored - start :].log_softmax(2))
        num_scored = end
        if end == token_ids.shape[1]:
            break
    return torch.cat(scores, dim=1)


@pytest.mark.parametrize("stride", [1, 3, 4, 7, made.CONTEXT_SIZE])
@torch.no_grad()
def test_windowed_scores_are_those_of_the_published_recipe(stride: int) -> None:
    model = model_of(stride)

    log_probs, _ = model.next_log_probs(ids(), model.initial_state(2))

    expected = sliding_windows(model, ids())
    assert expected.shape == log_probs.shape
    torch.testing.assert_close(log_probs, expected, rtol=0, atol=1e-12)


@torch.no_grad()
def test_windowed_model_with_a_state_reads_only_what_is_new() -> None:
    model, read = model_of(), []
    model.network.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].shape[1]), with_kwargs=True
    )
    state = model.initial_state(2)

    for token_ids in ids().split(1, dim=1):
        state = model.advance(token_ids, state)

    assert read[:8] == [1] * 8
    assert set(read[8:]) == {1, made.CONTEXT_SIZE - 2}


@torch.no_grad()
def test_windowed_rows_that_are_chosen_anew_are_not_read_again() -> None:
    model, read = model_of(), []
    state = model.advance(ids(num_steps=6), model.initial_state(2))
    model.network.register_forward_pre_hook(
        lambda _, __, given: read.append(tuple(given["input_ids"].shape)), with_kwargs=True
    )

    model.advance(ids(3, 1), state.select(torch.tensor([1, 0, 1])))

    assert read == [(3, 1)]


@torch.no_grad()
def test_windowed_state_holds_tokens_alone_when_it_is_written() -> None:
    model = model_of()
    state = model.advance(ids(), model.initial_state(2))

    assert state.tensors["context"].tolist() == ids()[:, -made.CONTEXT_SIZE :].tolist()
    assert len(state.to_bytes()) < 1000


def test_windowed_stride_is_half_the_positions_when_not_given() -> None:
    model = WindowedHuggingFaceModel(model_of().causal, boundary_id=0, context_size=8)

    assert model.stride == 4


def test_windowed_with_stride_shares_the_weights() -> None:
    model = model_of()

    other = model.with_stride(5)

    assert (model.stride, other.stride) == (3, 5)
    assert other.network is model.network


@pytest.mark.parametrize("stride", [0, -1, made.CONTEXT_SIZE + 1])
def test_windowed_stride_that_leaves_tokens_out_is_refused(stride: int) -> None:
    with pytest.raises(ConfigError, match=f"stride is {stride}; this model has 8 positions"):
        model_of(stride)
