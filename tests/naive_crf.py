"""A linear-chain CRF that enumerates all label sequences. Must not import nextword."""

from itertools import pairwise, product

import torch
from torch import Tensor


class NaiveCrf:
    """Scores of one sentence: `emissions` (time, labels); minus infinity forbids."""

    def __init__(self, emissions: Tensor, transitions: Tensor, starts: Tensor, ends: Tensor):
        num_steps, self.num_labels = emissions.shape
        self.paths = list(product(range(self.num_labels), repeat=num_steps))
        self.scores = torch.stack(
            [
                starts[path[0]]
                + sum(emissions[step, label] for step, label in enumerate(path))
                + sum((transitions[pair] for pair in pairwise(path)), 0.0)
                + ends[path[-1]]
                for path in self.paths
            ]
        )
        self.log_probs = self.scores - self.scores[self.scores > -torch.inf].logsumexp(0)

    def nll(self, label_ids: tuple[int, ...]) -> Tensor:
        return -self.log_probs[self.paths.index(label_ids)]

    def ranked(self) -> list[tuple[tuple[int, ...], float]]:
        """All allowed sequences with their log-probabilities, most probable first."""
        pairs = zip(self.paths, self.log_probs.tolist(), strict=True)
        return sorted((pair for pair in pairs if pair[1] > -torch.inf), key=lambda pair: -pair[1])

    def marginals(self) -> Tensor:
        one_hot = torch.nn.functional.one_hot(torch.tensor(self.paths), self.num_labels)
        return (self.log_probs.exp()[:, None, None] * one_hot).sum(0)
