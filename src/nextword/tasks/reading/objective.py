"""The objective of a reader: the likelihood of answers, and attention to supporting sentences."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.reading.data import ReadingData
from nextword.tasks.reading.network import ReadingModel
from nextword.tasks.running import ExampleObjective, TaskTrainingConfig
from nextword.training import Validation


class ReadingObjective(ExampleObjective):
    """Trains a reader on questions with passages of similar length.

    Args:
        model: The network.
        data: The training questions.
        config: Batches, seed and dtype.
        supporting_weight: Weight of the loss of attention.
        validate: Measures the model on the validation data.
    """

    unit = "questions"
    model: ReadingModel

    def __init__(
        self,
        model: ReadingModel,
        data: ReadingData,
        *,
        config: TaskTrainingConfig,
        supporting_weight: float,
        validate: Callable[[], Validation],
    ) -> None:
        super().__init__(model, data.lengths, config=config, fingerprint=data.fingerprint)
        self._data = data
        self._supporting_weight = supporting_weight
        self._validate = validate

    def loss(self, examples: Int64[np.ndarray, " batch"]) -> tuple[Tensor, int]:
        """Return the loss summed over the questions of a batch, and their number."""
        loss = self.model.loss(self._data.batch(examples).to(self.device))
        return loss.answers + self._supporting_weight * loss.attention, len(examples)

    def validate(self) -> Validation:
        """Measure the model on the validation data."""
        self.model.eval()
        return self._validate()
