"""A second training objective, small: labelled rows of numbers, classified by an LSTM.

It shows that the training loop knows nothing of language models. `python tests/row_classifier.py
RUN STEPS` trains one in a run folder.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nextword.base import MismatchError, Values
from nextword.optim import OptimizerConfig
from nextword.storage import RunFolder
from nextword.tensors import seed_everything
from nextword.training import (
    Callback,
    LoopConfig,
    MetricsFile,
    Objective,
    TrainingProgress,
    UpdateLoss,
    Validation,
    minimize,
    open_run,
)

NUM_ROWS, NUM_STEPS, BATCH_SIZE = 60, 5, 8


class RowClassifier(nn.Module):
    """Whether a row of numbers sums to more than zero."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 6, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(6, 2)

    def forward(self, rows: Tensor) -> Tensor:
        outputs, _ = self.lstm(rows[:, :, None])
        logits: Tensor = self.head(self.dropout(outputs[:, -1]))
        return logits


class RowObjective(Objective):
    """Cross-entropy over labelled rows, shuffled anew in every epoch."""

    unit = "rows"

    def __init__(self) -> None:
        seed_everything(3)
        self.model = RowClassifier()
        generator = torch.Generator().manual_seed(1)
        self._rows = torch.randn(2 * NUM_ROWS, NUM_STEPS, generator=generator)
        self._labels = (self._rows.sum(1) > 0).long()
        self.updates_per_epoch = -(-NUM_ROWS // BATCH_SIZE)

    def start_epoch(self, epoch: int) -> None:
        self._order = torch.from_numpy(np.random.default_rng(epoch).permutation(NUM_ROWS))
        self._position = 0

    def backward(self) -> UpdateLoss | None:
        batch = self._order[self._position : self._position + BATCH_SIZE]
        if len(batch) == 0:
            return None
        self._position += len(batch)
        logits = self.model(self._rows[batch])
        loss = nn.functional.cross_entropy(logits, self._labels[batch])
        loss.backward()  # type: ignore[no-untyped-call]
        return UpdateLoss(loss_sum=loss.item() * len(batch), num_items=len(batch))

    def mark(self) -> int:
        return self._position

    def rewind(self, mark: Any) -> None:
        self._position = mark

    def state(self) -> tuple[dict[str, Tensor], Values]:
        return {}, {"position": self._position, "num_rows": NUM_ROWS}

    def load_state(
        self, tensors: Mapping[str, Tensor], values: Values, *, epoch: int, source: str
    ) -> None:
        if values["num_rows"] != NUM_ROWS:
            raise MismatchError(f"{source} has {values['num_rows']} rows, here are {NUM_ROWS}.")
        self.start_epoch(epoch)
        self._position = values["position"]

    @torch.no_grad()
    def validate(self) -> Validation:
        self.model.eval()
        predicted = self.model(self._rows[NUM_ROWS:]).argmax(1)
        accuracy = (predicted == self._labels[NUM_ROWS:]).float().mean().item()
        return Validation(
            value=accuracy,
            higher_is_better=True,
            figures={"accuracy": accuracy},
            headline="accuracy",
        )


def train_rows(
    run: Path, *, callbacks: tuple[Callback, ...] = (), **limits: Any
) -> TrainingProgress:
    """Train a classifier in a run folder, or resume it."""
    config = LoopConfig(
        optimizer=OptimizerConfig(kind="adamw", learning_rate=0.02), checkpoint_every=5, **limits
    )
    with open_run(run) as folder:
        objective = RowObjective()

        def save_best() -> None:
            folder.model_folder.mkdir(exist_ok=True)
            torch.save(objective.model.state_dict(), folder.model_folder / "weights.pt")

        return minimize(
            objective,
            config,
            run=folder,
            save_best=save_best,
            callbacks=[MetricsFile(RunFolder(run)), *callbacks],
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    train_rows(Path(sys.argv[1]), epochs=int(sys.argv[2]))
