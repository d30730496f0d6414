"""The objective of a tagger: the likelihood of the labels, and the score on validation data."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.running import ExampleObjective, TaskTrainingConfig
from nextword.tasks.tagging.data import TaggingData
from nextword.tasks.tagging.network import TaggingModel
from nextword.training import Validation


class TaggingObjective(ExampleObjective):
    """Trains a tagger on sentences of similar length.

    Args:
        model: The model.
        data: The training sentences.
        config: Batches, seed and dtype.
        validate: Measures the model on the validation data.
    """

    unit = "words"
    model: TaggingModel

    def __init__(
        self,
        model: TaggingModel,
        data: TaggingData,
        *,
        config: TaskTrainingConfig,
        validate: Callable[[], Validation],
    ) -> None:
        super().__init__(model, data.lengths, config=config, fingerprint=data.fingerprint)
        self._data = data
        self._validate = validate

    def loss(self, examples: Int64[np.ndarray, " batch"]) -> tuple[Tensor, int]:
        """Return the negative log-likelihood of the labels, and the number of words."""
        batch, label_ids = self._data.batch(examples)
        num_words = batch.num_tokens
        loss = self.model.loss(batch.to(self.device), label_ids.to(self.device))
        return loss, num_words

    def validate(self) -> Validation:
        """Measure the model on the validation data."""
        self.model.eval()
        return self._validate()
