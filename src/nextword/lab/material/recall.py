"""A recall task: name the first symbol of a sequence of random symbols.

All symbols are from one alphabet, so a network must know that a symbol is the first one, and must
keep it while it reads others of the same kind.
"""

from collections import deque

import torch
from torch import Tensor, nn

from nextword.cells import AnyCell
from nextword.recurrent import RecurrentStack

NUM_SYMBOLS = 16
_BATCH, _TEST_ROWS = 64, 400
#: Recall is good when the mean accuracy of so many updates is high enough.
_PATIENCE, _GOOD = 20, 0.98


class RecallNetwork(nn.Module):
    """One recurrent layer over one-hot symbols, and a linear output.

    Args:
        cell: The cell; its input size is the number of symbols.
    """

    def __init__(self, cell: AnyCell) -> None:
        super().__init__()
        self.cell = cell
        self.stack = RecurrentStack([cell])
        self.output = nn.Linear(cell.output_size, NUM_SYMBOLS)

    def forward(self, symbols: Tensor) -> Tensor:
        """Return the scores of each symbol as the first one, (batch, symbols).

        Args:
            symbols: (batch, time).
        """
        inputs = nn.functional.one_hot(symbols, NUM_SYMBOLS).float()
        outputs, _ = self.stack(inputs, self.stack.initial_state(len(symbols)))
        scores: Tensor = self.output(outputs[:, -1])
        return scores

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.parameters())


def recall_batch(lag: int, *, num_rows: int = _BATCH) -> tuple[Tensor, Tensor]:
    """Return sequences, (rows, lag + 1), and the symbols that they begin with, (rows).

    Args:
        lag: Number of random symbols after the first one.
        num_rows: Number of sequences.
    """
    symbols = torch.randint(NUM_SYMBOLS, (num_rows, lag + 1))
    return symbols, symbols[:, 0]


def train_recall(
    network: RecallNetwork,
    *,
    num_updates: int,
    learning_rate: float,
    max_lag: int,
    is_curriculum: bool = False,
) -> int:
    """Train at one lag, or with a curriculum of lags; stop when recall is good.

    Args:
        network: The network, trained in place.
        num_updates: Largest number of updates.
        learning_rate: Learning rate of Adam.
        max_lag: The lag; with a curriculum the longest one.
        is_curriculum: Whether to begin with lag 1. Each update then has a random lag, and the
            longest one grows by a fifth when recall is good.

    Returns:
        The longest lag that was trained.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    lag, recent = 1 if is_curriculum else max_lag, deque[float](maxlen=_PATIENCE)
    for _ in range(num_updates):
        drawn = int(torch.randint(1, lag + 1, ())) if is_curriculum else lag
        symbols, keys = recall_batch(drawn)
        scores = network(symbols)
        optimizer.zero_grad()
        nn.functional.cross_entropy(scores, keys).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        recent.append((scores.argmax(1) == keys).float().mean().item())
        if len(recent) == _PATIENCE and sum(recent) >= _GOOD * _PATIENCE:
            if lag == max_lag:
                break
            lag = min(max(lag + 1, round(1.2 * lag)), max_lag)
            recent.clear()
    return lag


@torch.no_grad()
def recall_accuracy(network: RecallNetwork, lag: int) -> float:
    """Return the share of new sequences whose first symbol is named after a lag."""
    symbols, keys = recall_batch(lag, num_rows=_TEST_ROWS)
    accuracy: float = (network(symbols).argmax(1) == keys).double().mean().item()
    return accuracy
