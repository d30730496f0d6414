"""Models whose state is their own memory: Mamba and RWKV."""

import pytest
import torch
from torch import Tensor

import huggingface_models as made
from nextword.interop.huggingface import CausalModel, RecurrentHuggingFaceModel, is_recurrent

pytest.importorskip("transformers")

RECURRENT = pytest.mark.parametrize("architecture", ["mamba", "rwkv"])


def ids(batch_size: int, num_steps: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(made.VOCAB_SIZE, (batch_size, num_steps), generator=generator)


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [("mamba", True), ("rwkv", True), ("gpt2", False), ("llama", False), ("jamba", False)],
)
def test_is_recurrent_tells_the_kinds_apart(architecture: str, expected: bool) -> None:
    assert is_recurrent(CausalModel(made.network(architecture))) is expected


@RECURRENT
@torch.no_grad()
def test_recurrent_scores_are_the_network_s_own(architecture: str) -> None:
    model = made.model(architecture)

    log_probs, _ = model.next_log_probs(ids(1, 20), model.initial_state(1))

    expected = model.network(input_ids=ids(1, 20)).logits.log_softmax(2)
    torch.testing.assert_close(log_probs, expected, rtol=0, atol=1e-6)


@RECURRENT
@torch.no_grad()
def test_recurrent_reads_on_past_the_length_it_was_made_for(architecture: str) -> None:
    model, token_ids = made.model(architecture), ids(2, 5 * made.CONTEXT_SIZE)
    whole, _ = model.next_log_probs(token_ids, model.initial_state(2))

    state, pieces = model.initial_state(2), []
    for chunk in token_ids.split([1, 7, 20, 12], dim=1):
        log_probs, state = model.next_log_probs(chunk, state)
        pieces.append(log_probs)

    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-5)
    assert model.stride is None


@RECURRENT
@torch.no_grad()
def test_recurrent_state_does_not_grow_with_what_is_read(architecture: str) -> None:
    model = made.model(architecture)
    assert isinstance(model, RecurrentHuggingFaceModel)

    states = [model.advance(ids(2, length), model.initial_state(2)) for length in (1, 30)]

    sizes = [{name: part.shape for name, part in state.tensors.items()} for state in states]
    assert sizes[0] == sizes[1]
