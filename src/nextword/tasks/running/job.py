"""The contract between a task and a training run."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

from torch import nn

from nextword.base import Values
from nextword.tasks.running.objective import ExampleObjective
from nextword.tasks.storing import StoredTask


@runtime_checkable
class Measurement(Protocol):
    """The scores of a model on one file or on the validation data."""

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""

    def render(self) -> str:
        """Return the scores as text, for the terminal, the model card and the report."""

    def headline(self) -> tuple[str, str]:
        """Return the name and the value of the most important score."""


class TaskJob(ABC):
    """A task whose data are read and whose model is built: what a run needs of it.

    Attributes:
        model: The model.
        objective: The objective that trains it.
    """

    model: nn.Module
    objective: ExampleObjective

    @abstractmethod
    def stored(self, *, card: str) -> StoredTask:
        """Return the model with its current weights, for its model folder.

        Args:
            card: The model card.
        """

    @abstractmethod
    def measure(self, part: str) -> Measurement | None:
        """Measure the model.

        Args:
            part: `valid` or `test`.

        Returns:
            The scores; None if the run has no such data.
        """

    @property
    @abstractmethod
    def usage(self) -> str:
        """Python code that uses the model, for the model card."""

    @property
    def num_parameters(self) -> int:
        """Number of parameters, shared ones counted once."""
        return sum(parameter.numel() for parameter in self.model.parameters())
