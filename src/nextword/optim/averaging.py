"""Averaged weights: an exponential moving average that is measured and kept in place of the last.

Late in training the weights circle around a good place; their mean lies closer to it.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

#: The average of the first updates forgets faster, or the random start would weigh in for long.
_WARM_UP = 10


class WeightAverage:
    """Follows a model's weights with an exponential moving average.

    Args:
        model: The model; its parameters are followed, never changed outside `applied`.
        decay: Memory of the average; 0 turns it off and `applied` does nothing.
        apart: Parameters that are not averaged.

    Source: Polyak & Juditsky (1992); used here in place of the averaged SGD of Merity et al.
    """

    def __init__(
        self, model: nn.Module, *, decay: float, apart: Collection[nn.Parameter] = frozenset()
    ) -> None:
        self._decay = decay
        self._parameters = {n: p for n, p in model.named_parameters() if p not in apart}
        self._num_updates = 0
        self._average: dict[str, Tensor] = {}
        if decay > 0.0:
            self._average = {n: p.detach().clone() for n, p in self._parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after an update."""
        if not self._average:
            return
        self._num_updates += 1
        decay = min(self._decay, self._num_updates / (self._num_updates + _WARM_UP))
        current: list[Tensor] = [self._parameters[name] for name in self._average]
        torch._foreach_lerp_(list(self._average.values()), current, 1.0 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the model have the averaged weights inside the block."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, average in self._average.items():
            parameter = self._parameters[name]
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)

    def state_tensors(self) -> dict[str, Tensor]:
        """Give what a checkpoint needs."""
        updates = torch.tensor(self._num_updates)
        return {"average_updates": updates} | {f"average.{n}": t for n, t in self._average.items()}

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `state_tensors` gave."""
        self._num_updates = int(tensors["average_updates"])
        for name, average in self._average.items():
            average.copy_(tensors[f"average.{name}"])
