"""What every language model must get right beside its audit: one check each.

The audit (`nextword.evaluation.audit`) holds what a user can check of one model. Here stands what
takes another model, another copy, or a graph. A check takes a builder, which gives the same model
for the same seed and another for another.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.base import FormatError, MismatchError
from nextword.models import LanguageModel, State

Build = Callable[[int], LanguageModel]
Check = Callable[[Build], None]

BATCH = 3


def random_ids(model: LanguageModel, *shape: int, seed: int = 0) -> Tensor:
    """Ids to read, whatever the model knows."""
    return torch.randint(model.vocab_size, shape, generator=torch.Generator().manual_seed(seed))


def assert_same_state(actual: State, expected: State) -> None:
    torch.testing.assert_close(
        dict(actual.tensors), dict(expected.tensors), rtol=0, atol=0, check_stride=False
    )
    assert torch.equal(actual.num_tokens, expected.num_tokens)


def start(model: LanguageModel) -> State:
    """A state that has read something, other things in every row."""
    return model.advance(random_ids(model, BATCH, 3, seed=5), model.initial_state(BATCH))


def check_detach(build: Build) -> None:
    """A detached state has the same values and no graph behind it."""
    model = build(0)

    detached = start(model).detach()

    assert_same_state(detached, start(model))
    assert not any(part.requires_grad for part in detached.tensors.values())


def check_another_copy(build: Build) -> None:
    """Another copy of the same model takes a state from bytes, to the last bit."""
    state = start(build(0))

    assert_same_state(build(0).state_from_bytes(state.to_bytes()), state)


def check_other_model(build: Build) -> None:
    """Another model's state is refused."""
    data = start(build(0)).to_bytes()

    with pytest.raises(MismatchError, match=r"the state belongs to model .*, but this model is "):
        build(1).state_from_bytes(data)


def check_damaged_bytes(build: Build) -> None:
    """Bytes that were cut off or overwritten are refused."""
    model = build(0)
    data = start(model).to_bytes()

    for damaged in (b"", data[:5], data[: len(data) // 2], data[:-1], b"x" * len(data)):
        with pytest.raises(FormatError, match="the state is damaged: "):
            model.state_from_bytes(damaged)


CHECKS: tuple[Check, ...] = (
    check_detach,
    check_another_copy,
    check_other_model,
    check_damaged_bytes,
)
