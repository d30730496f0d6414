"""Trainings that stand before their first update."""

from collections.abc import Callable
from pathlib import Path

from nextword.base import ProgressCallback
from nextword.families import NetworkSpec
from nextword.families.contract import Network
from nextword.models import NeuralLanguageModel
from nextword.training import LanguageModelingObjective, RunConfig, TrainingState
from nextword.training.preparation import Preparation, prepare, start_of


class StateJob:
    """Stops where the training would begin; see `FitJob`."""

    def __init__(self, ready: Preparation, folder: Path) -> None:
        self.ready = ready
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = folder
        self.on_progress: ProgressCallback | None = None

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        return self.ready.build(build)

    def minimize(self, model: NeuralLanguageModel) -> None:
        data = self.ready.data
        objective = LanguageModelingObjective(
            model, self.ready.config, train=data.train, valid=data.valid, tokenizer=data.tokenizer
        )
        self.state = TrainingState(objective, self.ready.config.loop)


def prepared(config: RunConfig, folder: Path) -> StateJob:
    job = StateJob(prepare(start_of(config), folder), folder)
    job.ready.config.model.fit(job)
    return job


def training_state(config: RunConfig, folder: Path) -> TrainingState[LanguageModelingObjective]:
    return prepared(config, folder).state
