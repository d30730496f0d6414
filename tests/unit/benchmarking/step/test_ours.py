"""Our step is the trainer's, with the plain model's settings."""

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark_cases import TINY
from nextword.base import BenchmarkError
from nextword.benchmarking.step import ours, step_of, training_state
from nextword.layers import Dropout, LockedDropout
from nextword.training import TrainingState, UpdateLoss


def weights(state: TrainingState) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in state.model.parameters()]


def test_training_state_has_three_ordinary_dropouts_of_a_half() -> None:
    model = training_state(TINY, precision="float32").model

    dropouts = [module for module in model.modules() if isinstance(module, Dropout)]
    assert [dropout.probability for dropout in dropouts] == [0.5] * 3
    assert not any(isinstance(dropout, LockedDropout) for dropout in dropouts)


def test_training_state_is_tied_clipped_and_moved_by_plain_sgd() -> None:
    state = training_state(TINY, precision="float32")

    assert state.model.output.weight is state.model.embedding
    assert state.clipper.threshold == 0.25
    assert type(state.optimizer) is torch.optim.SGD
    assert {group["momentum"] for group in state.optimizer.param_groups} == {0.0}
    assert {group["weight_decay"] for group in state.optimizer.param_groups} == {0.0}


def test_training_state_undisturbed_gives_the_same_loss_each_time() -> None:
    state = training_state(TINY, precision="float32", is_regularized=False)
    first = state.compute_gradient()

    state.start_epoch()

    assert state.compute_gradient() == first


def test_training_state_windows_are_whole() -> None:
    state = training_state(TINY, precision="float32")

    windows = list(state.objective.reader.windows(TINY.bptt_steps))

    assert len(windows) == ours.NUM_WINDOWS
    assert all(window.lengths is None for window in windows)
    assert all(window.token_ids.shape == (2, 3) for window in windows)


def test_step_of_moves_every_weight_and_reads_on_behind_the_end() -> None:
    state = training_state(TINY, precision="float32")
    before, step = weights(state), step_of(state)

    for _ in range(ours.NUM_WINDOWS + 1):
        step()

    assert not any(map(torch.equal, before, weights(state)))


def test_step_of_loss_that_is_not_finite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = training_state(TINY, precision="float32")
    diverged = (UpdateLoss(loss_sum=float("nan"), num_items=6), None)
    monkeypatch.setattr(state, "compute_gradient", lambda: diverged)

    with pytest.raises(BenchmarkError, match="the loss of the training became nan"):
        step_of(state)()


def test_made_up_store_holds_words_only() -> None:
    tokenizer = ours.synthetic_tokenizer(20)
    store = ours.synthetic_store(tokenizer, num_tokens=1000)

    assert (tokenizer.vocab_size, store.num_tokens, store.num_unknown) == (20, 1000, 0)
    assert np.asarray(store.ids).min() >= 4
    assert np.asarray(store.ids).max() < 20
