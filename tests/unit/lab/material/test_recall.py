"""The recall task."""

import torch

from nextword.cells import LstmCell
from nextword.lab.material import (
    NUM_SYMBOLS,
    RecallNetwork,
    recall_accuracy,
    recall_batch,
    train_recall,
)


def test_batch_begins_with_the_symbol_to_recall() -> None:
    symbols, keys = recall_batch(5, num_rows=7)

    assert symbols.shape == (7, 6)
    assert torch.equal(symbols[:, 0], keys)


def test_network_learns_a_lag_of_1() -> None:
    torch.manual_seed(0)
    network = RecallNetwork(LstmCell(NUM_SYMBOLS, 16))
    before = recall_accuracy(network, 1)

    train_recall(network, num_updates=400, learning_rate=2e-2, max_lag=1)

    assert before < 0.3
    assert recall_accuracy(network, 1) > 0.9


def test_curriculum_begins_with_lag_1() -> None:
    torch.manual_seed(0)
    network = RecallNetwork(LstmCell(NUM_SYMBOLS, 4))

    lag = train_recall(network, num_updates=2, learning_rate=1e-2, max_lag=50, is_curriculum=True)

    assert lag == 1
