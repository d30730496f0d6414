"""The processes of torch's default process group, as a `World`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from nextword.base import TrainingError
from nextword.parallel.gradients import sum_gradients
from nextword.parallel.world import Value, World


def current_world() -> World:
    """Return the processes of torch's default process group; this process alone if there is none.

    A program that trains on several processes calls `join_processes` or
    `torch.distributed.init_process_group` first.

    Example:
        >>> current_world().size
        1
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return World()
    return _ProcessGroupWorld()


class _ProcessGroupWorld(World):
    """Exchanges values over torch's default process group."""

    def __init__(self) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()

    def sum(self, values: Sequence[float]) -> list[float]:
        sums = torch.tensor(list(values), dtype=torch.float64)
        with _connected():
            dist.all_reduce(sums)
        return sums.tolist()

    def largest(self, value: int) -> int:
        found = torch.tensor([value])
        with _connected():
            dist.all_reduce(found, op=dist.ReduceOp.MAX)
        return int(found)

    def from_first(self, value: Value) -> Value:
        held = [value]
        with _connected():
            dist.broadcast_object_list(held)
        return held[0]

    def gather(self, value: Value) -> list[Value]:
        held: list[Any] = [None] * self.size
        with _connected():
            dist.gather_object(value, held if self.is_first else None)
        return held if self.is_first else []

    @torch.no_grad()
    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        with _connected():
            for tensor in tensors:
                sent = tensor.detach().contiguous()
                dist.broadcast(sent, src=0)
                tensor.copy_(sent)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        with _connected():
            sum_gradients(parameters)


@contextmanager
def _connected() -> Iterator[None]:
    """Convert errors of the connection, such as those after the end of another process."""
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            "the connection to the other processes of the training was lost: "
            f"{' '.join(str(error).split())[:200]}.",
            help="One of them has ended; its error is printed above or in its log. The training "
            "continues from its last checkpoint with --resume auto.",
        ) from error
