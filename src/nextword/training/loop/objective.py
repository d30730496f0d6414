"""The interface of a training objective, through which the training loop uses a task."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class UpdateLoss:
    """The loss of one update.

    Attributes:
        loss_sum: Loss summed over the items of the update.
        num_items: Number of items: target tokens, sentences and so on.
    """

    loss_sum: float
    num_items: int

    @property
    def mean(self) -> float:
        """Loss per item."""
        return self.loss_sum / self.num_items


@dataclass(frozen=True, kw_only=True)
class Validation:
    """A measurement on validation data.

    Attributes:
        value: The metric that decides which model is the best.
        higher_is_better: Whether a larger value is better, as for accuracies.
        figures: Everything to report, by name and unit, such as `accuracy` or `nll_per_token`.
        headline: The figure for progress lines; a key of `figures`.
    """

    value: float
    higher_is_better: bool = False
    figures: Mapping[str, float]
    headline: str

    @property
    def score(self) -> float:
        """The value, negated where higher is better: a lower score is always better."""
        return -self.value if self.higher_is_better else self.value


class Objective(ABC):
    """A model, its training data and its loss.

    The training loop uses a task only through these methods. The loop itself implements the
    optimizer, clipping, schedule, averaging, checkpoints, records and the time limit.

    Attributes:
        model: The model; `backward` accumulates gradients in its parameters.
        updates_per_epoch: Number of updates in one pass over the data.
        unit: Name of the items in the plural, such as `tokens`; used in records and progress lines.
        headline: The figure of the training loss for progress lines; a key of the mapping that
            `figures` returns.
        largest_loss: Many successive mean losses above it end the training: only a diverged model
            has them.
    """

    model: nn.Module
    updates_per_epoch: int
    largest_loss: float = math.inf
    unit: str = "items"
    headline: str = "loss"

    @abstractmethod
    def start_epoch(self, epoch: int) -> None:
        """Go to the beginning of the data.

        Args:
            epoch: Number of completed epochs; use it as the seed if the data is shuffled.
        """

    @abstractmethod
    def backward(self) -> UpdateLoss | None:
        """Read the data of one update and accumulate the gradient of the mean loss.

        Returns:
            The loss; None at the end of the epoch.
        """

    @abstractmethod
    def mark(self) -> Any:
        """Return the position in the data, for `rewind`; called before every update."""

    @abstractmethod
    def rewind(self, mark: Any) -> None:
        """Go back to a position that `mark` returned in the same epoch."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Tensor], Values]:
        """Return the state for a checkpoint, without weights: tensors by name, and JSON values."""

    @abstractmethod
    def load_state(
        self, tensors: Mapping[str, Tensor], values: Values, *, epoch: int, source: str
    ) -> None:
        """Restore the state that `state` returned.

        Args:
            tensors: All tensors of the checkpoint.
            values: The JSON values.
            epoch: Number of epochs completed.
            source: Name of the checkpoint, for error messages.

        Raises:
            MismatchError: The data is not that of the checkpoint.
        """

    @abstractmethod
    def validate(self) -> Validation | None:
        """Evaluate the model on validation data; return None if there is none."""

    def figures(self, mean_loss: float) -> Mapping[str, float]:
        """Return the figures to report for the training loss.

        Args:
            mean_loss: Mean loss per item.
        """
        return {"loss": mean_loss}
