"""Training and scoring of small networks."""

import math

import pytest
import torch

from nextword.families import RecurrentConfig
from nextword.lab.tools import (
    auc,
    build_model,
    character_ids,
    fit,
    lanes_of,
    mean_nll,
    unigram_entropy,
)

CONFIG = RecurrentConfig(cell="elman", hidden_size=8, tied=False)


def test_fit_learns_a_period() -> None:
    torch.manual_seed(0)
    ids = torch.arange(400) % 4
    model = build_model(CONFIG, vocab_size=4)

    losses = fit(model, ids, num_steps=60, bptt_steps=10, batch_size=4, learning_rate=2e-2)

    assert losses[0] > 1.0
    assert mean_nll(model, ids, chunk_steps=10, num_lanes=2) < 0.2


def test_mean_nll_does_not_depend_on_the_chunks_when_the_state_is_carried() -> None:
    torch.manual_seed(0)
    ids, model = torch.randint(5, (200,)), build_model(CONFIG, vocab_size=5)

    values = {
        carries: [
            mean_nll(model, ids, chunk_steps=steps, num_lanes=2, carries=carries)
            for steps in (3, 40)
        ]
        for carries in (True, False)
    }

    assert values[True][0] == pytest.approx(values[True][1], rel=1e-12)
    assert values[False][0] != pytest.approx(values[False][1], rel=1e-6)


def test_lanes_leave_the_rest_out() -> None:
    assert lanes_of(torch.arange(7), 2).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_unigram_entropy_of_equal_shares() -> None:
    assert unigram_entropy(torch.tensor([0, 1, 2, 3, 3, 2, 1, 0])) == pytest.approx(math.log(4))


def test_character_ids_fit_the_vocabulary() -> None:
    assert character_ids("aé~").tolist() == [97, 127, 126]


def test_auc_counts_ties_one_half() -> None:
    assert auc(torch.zeros(4), torch.tensor([True, False, True, False])) == 0.5
