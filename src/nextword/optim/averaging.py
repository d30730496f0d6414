"""An exponential moving average of the weights, validated and saved in place of the last weights.

Late in training the weights oscillate around a minimum; their mean is closer to it.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

#: The decay is smaller in the first updates, so that the random initial weights soon count little.
_WARM_UP = 10


class WeightAverage:
    """An exponential moving average of a model's weights.

    Args:
        model: The model; its parameters are only changed inside `applied`.
        decay: Decay per update, in [0, 1); 0 turns averaging off, and `applied` does nothing.
        exclude: Parameters that are not averaged.

    Source: [polyak1992]; used here in place of the averaged SGD of [merity2018].
    """

    def __init__(
        self, model: nn.Module, *, decay: float, exclude: Collection[nn.Parameter] = frozenset()
    ) -> None:
        self._decay = decay
        self._parameters = {n: p for n, p in model.named_parameters() if p not in exclude}
        self._num_updates = 0
        self._average: dict[str, Tensor] = {}
        if decay > 0.0:
            self._average = {n: p.detach().clone() for n, p in self._parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Update the average with the weights after an optimizer step."""
        if not self._average:
            return
        self._num_updates += 1
        decay = min(self._decay, self._num_updates / (self._num_updates + _WARM_UP))
        current: list[Tensor] = [self._parameters[name] for name in self._average]
        torch._foreach_lerp_(list(self._average.values()), current, 1.0 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Use the averaged weights in the model inside the block, then restore its own."""
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
        """Return the tensors that a checkpoint stores."""
        updates = torch.tensor(self._num_updates)
        return {"average_updates": updates} | {f"average.{n}": t for n, t in self._average.items()}

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore the tensors returned by `state_tensors`."""
        self._num_updates = int(tensors["average_updates"])
        for name, average in self._average.items():
            average.copy_(tensors[f"average.{name}"])
