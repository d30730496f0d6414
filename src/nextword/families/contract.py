"""The contract of a family: its settings, and how they build, fit and load a model.

A family is one settings class. `model.family` names it, `FAMILIES` finds it, and everything else
in nextword calls the methods below; nothing asks which family it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from nextword.base import NextwordError
from nextword.families.count_estimate import CountEstimate
from nextword.families.regularization import RegularizationConfig
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.models import LanguageModel, NeuralLanguageModel, check_parameter_shapes
from nextword.tokens import Tokenizer, TokenStore, VocabularySpec

#: Most layers of any network; a damaged file may ask for any number.
MAX_LAYERS = 1_000

Network = TypeVar("Network", bound=NeuralLanguageModel)


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """What every network is built from, beside the settings of its family.

    Attributes:
        vocabulary: Size and special ids of the vocabulary.
        embedding: The input embedding.
        output: The output head.
        regularization: Dropout and other noise in training.
        backend: How recurrent layers are run over time; `auto` chooses.
    """

    vocabulary: VocabularySpec
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    regularization: RegularizationConfig = field(default_factory=RegularizationConfig)
    backend: str = "auto"


@runtime_checkable
class FitJob(Protocol):
    """What a family is given to fit a model: the data, and a way to minimize the loss.

    Attributes:
        train: The training text, encoded.
        tokenizer: The tokenizer that encoded it.
        temporary_folder: Where counts of a large text are spilled to disk.
    """

    train: TokenStore
    tokenizer: Tokenizer
    temporary_folder: Path

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run.

        Args:
            build: Builds the network with random weights. If the run starts from a model or from
                word vectors, their weights are copied in.
        """

    def minimize(self, model: NeuralLanguageModel) -> None:
        """Train a network by gradient descent; afterwards it has the best weights of the run."""


class ModelConfig(ABC):
    """Base of a family's settings, `model.*`: a frozen dataclass with a literal `family`.

    Attributes:
        family: Name of the family, as in `model.family`.
        is_mapped: Whether `load` takes tensors that stay in their file, mapped into memory; for
            models that only look up values in them.
    """

    family: str
    is_mapped: ClassVar[bool] = False

    @abstractmethod
    def describe(self) -> str:
        """Return a short description of the architecture for people."""

    @abstractmethod
    def fit(self, job: FitJob) -> LanguageModel:
        """Fit a model to the training text of a job and return it."""

    def estimate(self, store: TokenStore, tokenizer: Tokenizer) -> CountEstimate | None:
        """Estimate the size of a model that is fitted by counting; None for all others.

        Args:
            store: The training text, encoded.
            tokenizer: The tokenizer that encoded it.
        """
        return None

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that have no effect on this model.

        A setting in the list is refused if a person asks for it with a value that differs from the
        default.

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
            tensors: What `LanguageModel.tensors` returned when the model was saved.
            network: The vocabulary, and for networks the other settings they are built from.
            source: Where the tensors come from, for error messages.

        Returns:
            The model, in evaluation mode, on the CPU.

        Raises:
            FormatError: The tensors are damaged.
            MismatchError: The tensors do not fit the settings.
        """


class NeuralModelConfig(ModelConfig):
    """Base of the settings of a neural family; only `describe` and `build` are left to define."""

    @abstractmethod
    def build(self, network: NetworkSpec) -> NeuralLanguageModel:
        """Build a model with random weights, drawn from torch's default generator.

        Args:
            network: Vocabulary, input embedding, output head, regularization and backend.

        Raises:
            ConfigError: Settings do not fit each other, or ask for what the family does not have.
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
        planned = self._without_memory(network)
        if planned is not None:
            # Settings may ask for far more memory than the weights in the file.
            check_parameter_shapes(dict(planned.named_parameters()), tensors, source=source)
        model = self.build(network)
        model.load_tensors(tensors, source=source)
        return model.eval()

    def _without_memory(self, network: NetworkSpec) -> NeuralLanguageModel | None:
        """Build the network on the meta device; None if the family does not support it."""
        try:
            with torch.device("meta"):
                return self.build(network)
        except NextwordError:
            raise
        except (RuntimeError, NotImplementedError, TypeError, ValueError, OverflowError):
            return None
