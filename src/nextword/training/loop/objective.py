"""The contract of a training objective: all that the training loop knows of a task."""

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
        headline: The figure shown in progress lines; a key of `figures`.
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
    """A model with the data and the loss it is trained on.

    The training loop calls these methods and knows nothing else of a task. It owns the optimizer,
    clipping, schedule, averaging, checkpoints, records and time.

    Attributes:
        model: The model; `backward` accumulates gradients in its parameters.
        updates_per_epoch: Number of updates in one pass over the data.
        unit: What an item is, in the plural, such as `tokens`; used in records and progress.
        headline: The figure of the training loss shown in progress lines; a key of what `figures`
            returns.
    """

    model: nn.Module
    updates_per_epoch: int
    unit: str = "items"
    headline: str = "loss"

    @abstractmethod
    def start_epoch(self, epoch: int) -> None:
        """Go to the beginning of the data.

        Args:
            epoch: Number of epochs completed before; decides how data is shuffled.
        """

    @abstractmethod
    def backward(self) -> UpdateLoss | None:
        """Read the data of one update and accumulate its gradient.

        Returns:
            The loss, whose mean has been differentiated; None at the end of the epoch.
        """

    @abstractmethod
    def mark(self) -> Any:
        """Return the position in the data, for `rewind`; called before every update."""

    @abstractmethod
    def rewind(self, mark: Any) -> None:
        """Go back to a position that `mark` returned in the same epoch."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Tensor], Values]:
        """Return what a checkpoint needs besides the weights: tensors by name, and JSON values."""

    @abstractmethod
    def load_state(
        self, tensors: Mapping[str, Tensor], values: Values, *, epoch: int, source: str
    ) -> None:
        """Continue from what `state` returned.

        Args:
            tensors: All tensors of the checkpoint.
            values: The JSON values.
            epoch: Number of epochs completed.
            source: Where they come from, for error messages.

        Raises:
            MismatchError: The data is not that of the checkpoint.
        """

    @abstractmethod
    def validate(self) -> Validation | None:
        """Measure the model on validation data; None if there is none."""

    def figures(self, mean_loss: float) -> Mapping[str, float]:
        """Return the figures to report for a training loss per item."""
        return {"loss": mean_loss}
