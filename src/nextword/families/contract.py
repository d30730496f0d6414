"""The contract of a family: its settings, and how they build, fit and load a model.

A family is one settings class. `model.family` names it, `FAMILIES` finds it, and everything else
in nextword calls the methods below; nothing asks which family it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Protocol, TypeVar, runtime_checkable

import torch
from pydantic import Field
from torch import Tensor

from nextword.base import NextwordError, ProgressCallback
from nextword.families.count_estimate import CountEstimate
from nextword.families.regularization import RegularizationConfig
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.models import LanguageModel, NeuralLanguageModel, check_parameter_shapes
from nextword.tokens import Tokenizer, TokenStore, VocabularySpec

#: Maximum number of layers of a network; without it a damaged file could ask for any number.
MAX_LAYERS = 1_000
NumLayers = Annotated[int, Field(ge=1, le=MAX_LAYERS)]

Network = TypeVar("Network", bound=NeuralLanguageModel)


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The arguments of every network besides the settings of its family.

    Attributes:
        vocabulary: Size and special ids of the vocabulary.
        embedding: The input embedding.
        output: The output head.
        regularization: Dropout and other noise in training.
        backend: Name of the implementation of recurrent layers; `auto` chooses one.
    """

    vocabulary: VocabularySpec
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    regularization: RegularizationConfig = field(default_factory=RegularizationConfig)
    backend: str = "auto"


@runtime_checkable
class FitJob(Protocol):
    """The argument of `ModelConfig.fit`: the data, and a method that minimizes the loss.

    Attributes:
        train: The training text, encoded.
        tokenizer: The tokenizer that encoded it.
        temporary_folder: Folder to which counts of a large text are spilled.
        on_progress: Called with (stage, done, total) while a text is counted; may be None.
    """

    train: TokenStore
    tokenizer: Tokenizer
    temporary_folder: Path
    on_progress: ProgressCallback | None

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run.

        Args:
            build: Builds the network with random weights. If the run starts from a model or from
                word vectors, their weights are copied in.
        """

    def minimize(self, model: NeuralLanguageModel) -> None:
        """Train a network by gradient descent, in place, and restore its best weights."""


class ModelConfig(ABC):
    """Base of a family's settings, `model.*`: a frozen dataclass with a literal `family`.

    Attributes:
        family: Name of the family, as in `model.family`.
        is_mapped: Whether `load` accepts memory-mapped tensors; for models that only look up
            values in them.
    """

    family: str
    is_mapped: ClassVar[bool] = False

    @abstractmethod
    def describe(self) -> str:
        """Return a short description of the architecture for display."""

    @abstractmethod
    def fit(self, job: FitJob) -> LanguageModel:
        """Fit a model to the training text of a job and return it."""

    def estimate(self, store: TokenStore, tokenizer: Tokenizer) -> CountEstimate | None:
        """Estimate the size of a model that is fitted by counting.

        Args:
            store: The training text, encoded.
            tokenizer: The tokenizer that encoded it.

        Returns:
            The estimate; None if the model is fitted in another way.
        """
        return None

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that have no effect on this model.

        If a user sets one of them to a value other than its default, an error is raised.

        Returns:
            The reason for each setting (`section.key`) or whole section, such as `{"model.k":
            "model.smoothing is 'kneser_ney', not 'add_k'"}`.
        """
        return {}

    @abstractmethod
    def load(
        self, tensors: Mapping[str, Tensor], network: NetworkSpec, *, source: str
    ) -> LanguageModel:
        """Build the model of a model folder.

        Args:
            tensors: The result of `LanguageModel.tensors` of the saved model.
            network: The vocabulary and, for networks, the other settings they are built from.
            source: Where the tensors come from, for error messages.

        Returns:
            The model, in evaluation mode, on the CPU.

        Raises:
            FormatError: The tensors are damaged.
            MismatchError: The tensors do not fit the settings.
        """


class NeuralModelConfig(ModelConfig):
    """Base of the settings of a neural family; subclasses define `describe` and `build`."""

    @abstractmethod
    def build(self, network: NetworkSpec) -> NeuralLanguageModel:
        """Build a model with random weights, drawn from torch's default generator.

        Args:
            network: Vocabulary, input embedding, output head, regularization and backend.

        Raises:
            ConfigError: Settings contradict each other, or the family does not support one.
        """

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that have no effect on this network, with the reasons.

        By default that is the learning rate of hashed tables; a family with a `SparseTable`
        overrides this.
        """
        return {"optimizer.table_learning_rate": f"the family {self.family} has no table"}

    def fit(self, job: FitJob) -> LanguageModel:
        """Build a network and train it by gradient descent."""
        model = job.build(self.build)
        job.minimize(model)
        return model

    def load(
        self, tensors: Mapping[str, Tensor], network: NetworkSpec, *, source: str
    ) -> NeuralLanguageModel:
        """Build the network and copy the saved weights into it."""
        planned = build_without_memory(self.build, network)
        if planned is not None:
            # The settings of a damaged file may ask for far more memory than its weights need.
            check_parameter_shapes(dict(planned.named_parameters()), tensors, source=source)
        model = self.build(network)
        model.load_tensors(tensors, source=source)
        return model.eval()


def build_without_memory(
    build: Callable[[NetworkSpec], Network], network: NetworkSpec
) -> Network | None:
    """Build a network on the meta device, whose tensors have shapes but no memory.

    Args:
        build: Builds the network.
        network: What it is built for.

    Returns:
        The network; None if a layer of it does not support the meta device.

    Raises:
        NextwordError: The settings are wrong.
    """
    try:
        with torch.device("meta"):
            return build(network)
    except NextwordError:
        raise
    except (RuntimeError, NotImplementedError, TypeError, ValueError, OverflowError):
        return None
