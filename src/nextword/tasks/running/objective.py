"""The objective of tasks whose data are separate examples: sentences, texts, pairs."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor, nn

from nextword.base import MismatchError, Values
from nextword.batches import shuffled_by_length
from nextword.parallel import current_world
from nextword.tasks.running.config import TaskTrainingConfig
from nextword.tensors import autocast, resolve_precision
from nextword.training import Objective, UpdateLoss

_POSITION = "examples.position"
_FINGERPRINT = "examples_sha256"


class ExampleObjective(Objective):
    """Trains on batches of examples of similar length, in an order that depends on the epoch.

    A subclass defines `loss` and `validate`.

    Args:
        model: The model.
        lengths: Length of each training example, by which they are grouped.
        config: Batches, seed and dtype.
        fingerprint: Hash of the training data; a checkpoint of other data is refused.
    """

    def __init__(
        self,
        model: nn.Module,
        lengths: Sequence[int],
        *,
        config: TaskTrainingConfig,
        fingerprint: str,
    ) -> None:
        self.model = model
        self._world = current_world()
        self.device = next(model.parameters()).device
        self._config = config
        self._fingerprint = fingerprint
        self._ends = np.concatenate([[0], np.cumsum(np.asarray(lengths, dtype=np.int64))])
        self._precision = resolve_precision(config.precision, self.device)
        self.updates_per_epoch = -(-len(lengths) // config.batch_size)
        self.start_epoch(0)

    @abstractmethod
    def loss(self, examples: Int64[np.ndarray, " batch"]) -> tuple[Tensor, int]:
        """Compute the loss of a batch.

        Args:
            examples: Indices of the training examples.

        Returns:
            The sum of the loss over the items of the batch, a scalar, and their number.
        """

    def start_epoch(self, epoch: int) -> None:
        """Go to the first batch of an epoch."""
        self._order = shuffled_by_length(
            self._ends,
            batch_size=self._config.batch_size,
            seed=self._config.seed,
            epoch=epoch,
        )
        self._position = 0

    def backward(self) -> UpdateLoss | None:
        """Accumulate the gradient of the mean loss of the next batch.

        With several processes, each one reads a contiguous part of the batch, and the mean is over
        the items of all of them.
        """
        examples = self._order[self._position : self._position + self._config.batch_size]
        if len(examples) == 0:
            return None
        self._position += len(examples)
        rank, num_processes = self._world.rank, self._world.size
        own = examples[
            len(examples) * rank // num_processes : len(examples) * (rank + 1) // num_processes
        ]
        if len(own) == 0:
            self._world.sum([0])
            return UpdateLoss(loss_sum=0.0, num_items=0)
        with autocast(self._precision, self.device):
            loss_sum, num_items = self.loss(own)
        num_in_all = round(self._world.sum([num_items])[0])
        (loss_sum / num_in_all).backward()  # type: ignore[no-untyped-call]  # torch's annotation
        return UpdateLoss(loss_sum=loss_sum.item(), num_items=num_items)

    def mark(self) -> int:
        """Return the number of examples read in this epoch."""
        return self._position

    def rewind(self, mark: int) -> None:
        """Go back to a position that `mark` returned."""
        self._position = mark

    def state(self) -> tuple[dict[str, Tensor], Values]:
        """Return the position in the epoch, and the hash of the training data."""
        return {_POSITION: torch.tensor(self._position)}, {_FINGERPRINT: self._fingerprint}

    def load_state(
        self, tensors: Mapping[str, Tensor], values: Values, *, epoch: int, source: str
    ) -> None:
        """Restore the state that `state` returned.

        Raises:
            MismatchError: The training data have changed.
        """
        if values[_FINGERPRINT] != self._fingerprint:
            raise MismatchError(
                f"{source} was trained on data with SHA-256 {values[_FINGERPRINT][:12]}, the "
                f"training data here have {self._fingerprint[:12]}.",
                help="Restore the old training data, or choose another --out.",
            )
        self.start_epoch(epoch)
        self._position = int(tensors[_POSITION])
