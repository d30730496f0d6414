"""The objective of a transducer: the likelihood of targets, and the validation."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from nextword.tasks.running import ExampleObjective, TaskTrainingConfig
from nextword.tasks.transduction.config import TransductionConfig
from nextword.tasks.transduction.data import PairData
from nextword.tasks.transduction.network import EncoderDecoder
from nextword.training import Validation


class TransductionObjective(ExampleObjective):
    """Trains a transducer on pairs of similar length.

    Args:
        model: The network.
        data: The training pairs.
        config: Batches, seed and dtype.
        transduction: Label smoothing and scheduled sampling.
        validate: Measures the model on the validation data.
    """

    unit = "symbols"
    model: EncoderDecoder

    def __init__(
        self,
        model: EncoderDecoder,
        data: PairData,
        *,
        config: TaskTrainingConfig,
        transduction: TransductionConfig,
        validate: Callable[[], Validation],
    ) -> None:
        super().__init__(model, data.lengths, config=config, fingerprint=data.fingerprint)
        self._data = data
        self._transduction = transduction
        self._validate = validate

    def loss(self, examples: Int64[np.ndarray, " batch"]) -> tuple[Tensor, int]:
        """Return the loss summed over target symbols and end tokens, and their number."""
        loss = self.model.loss(
            self._data.batch(examples).to(self.device),
            label_smoothing=self._transduction.label_smoothing,
            free_running_probability=self._transduction.free_running_probability,
        )
        return loss.smoothed_sum, loss.num_tokens

    def validate(self) -> Validation:
        """Measure the model on the validation data."""
        self.model.eval()
        return self._validate()
