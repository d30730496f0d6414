"""The processes of a training, as the training loop sees them; here for one process."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from torch import Tensor, nn

Value = TypeVar("Value")


class World:
    """The processes of a training. This class is that of a single process, and exchanges nothing.

    Every method must be called by all processes, in the same order.

    Attributes:
        rank: Number of this process, from 0.
        size: Number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files, logs and results."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """Return the sums of each value over the processes, in float64."""
        return list(values)

    def largest(self, value: int) -> int:
        """Return the largest value of a process."""
        return value

    def from_first(self, value: Value) -> Value:
        """Return the value of the first process."""
        return value

    def gather(self, value: Value) -> list[Value]:
        """Return the values of all processes by rank in the first process; elsewhere no value."""
        return [value]

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Replace the content of tensors by that of the first process."""

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by the sum of the gradients of all processes.

        A parameter that has no gradient in any process keeps none.

        Args:
            parameters: The parameters, in the same order in all processes.
        """
