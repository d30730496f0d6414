"""The objective of a classifier: the likelihood of the labels, and the score on validation data."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.classification.data import ClassificationData
from nextword.tasks.classification.network import ClassificationModel, GradualUnfreezing
from nextword.tasks.running import ExampleObjective, TaskTrainingConfig
from nextword.training import UpdateLoss, Validation


class ClassificationObjective(ExampleObjective):
    """Trains a classifier on texts of similar length.

    Args:
        model: The model.
        data: The training texts.
        config: Batches, seed and dtype.
        validate: Measures the model on the validation data.
        unfreezing: Decides which layers of language models are trained; all when None.
    """

    unit = "texts"
    model: ClassificationModel

    def __init__(
        self,
        model: ClassificationModel,
        data: ClassificationData,
        *,
        config: TaskTrainingConfig,
        validate: Callable[[], Validation],
        unfreezing: GradualUnfreezing | None = None,
    ) -> None:
        self._unfreezing = unfreezing
        self._epoch = 0
        super().__init__(model, data.lengths, config=config, fingerprint=data.fingerprint)
        self._data = data
        self._validate = validate

    def start_epoch(self, epoch: int) -> None:
        """Go to the first batch of an epoch."""
        super().start_epoch(epoch)
        self._epoch = epoch

    def backward(self) -> UpdateLoss | None:
        """Accumulate the gradient of the mean loss of the next batch."""
        loss = super().backward()
        if self._unfreezing is not None:
            self._unfreezing.drop_gradients(epoch=self._epoch)
        return loss

    def loss(self, examples: Int64[np.ndarray, " batch"]) -> tuple[Tensor, int]:
        """Return the loss summed over the texts of a batch, and their number."""
        batch, targets = self._data.batch(examples)
        loss = self.model.loss(batch.to(self.device), targets.to(self.device))
        return loss, len(examples)

    def validate(self) -> Validation:
        """Measure the model on the validation data."""
        self.model.eval()
        return self._validate()
