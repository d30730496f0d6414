"""Preparation of a fit, before the first update: settings, data and initial weights."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from nextword.base import ConfigError, ProgressCallback, require
from nextword.families import NetworkSpec, NeuralModelConfig
from nextword.families.contract import Network
from nextword.layers import EmbeddingConfig
from nextword.models import NeuralLanguageModel
from nextword.storage import StoredModel, load_model
from nextword.tensors import resolve_device, seed_everything, tune_process
from nextword.text import ByteStream
from nextword.tokens import Direction, TokenizerConfig
from nextword.training.choices import choose_by_text
from nextword.training.config import RunConfig
from nextword.training.data import (
    PretrainedVectors,
    TextAccess,
    TrainingData,
    prepare_data,
)
from nextword.training.memory import require_memory

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Start:
    """The settings of a run, and the model that it starts from.

    Attributes:
        config: The settings, with the architecture of the model if there is one.
        model: The model that `text.init` names; None if it is not set.
    """

    config: RunConfig
    model: StoredModel | None


def start_of(config: RunConfig, *, access: TextAccess | None = None) -> Start:
    """Load the model that a run starts from, and copy its architecture to the settings.

    Args:
        config: The settings.
        access: How files are opened; relative to the current folder when None.

    Returns:
        The settings and the model; without `text.init`, the unchanged settings and None.

    Raises:
        CheckpointError: The model cannot be loaded.
        ConfigError: The model has no trained weights, the family of the run cannot use them, or
            the model reads lines forward and the run backward.
    """
    if config.text.init is None:
        return Start(config=config, model=None)
    require(
        isinstance(config.model, NeuralModelConfig),
        f"a model of the family {config.model.family} cannot start from {config.text.init}; it is "
        "estimated from counts of the text.",
        help="Leave --init out.",
    )
    init = (access or TextAccess()).located(config.text.init)
    stored = load_model(Path(init))
    saved = stored.settings
    if saved is None or not isinstance(stored.model, NeuralLanguageModel):
        raise ConfigError(
            f"{config.text.init} is of the family {stored.model.family}, which has no weights to "
            "start from.",
            help="Leave --init out.",
        )
    output = saved.output if config.output.kind == "auto" else config.output
    config = replace(
        config,
        model=saved.model,
        embedding=saved.embedding,
        output=output,
        tokenizer=_with_direction_of(stored, config),
    )
    return Start(config=config, model=stored)


def _with_direction_of(stored: StoredModel, config: RunConfig) -> TokenizerConfig:
    """Return the settings of the tokenizer, with the direction of the model to start from."""
    if not stored.tokenizer.is_backward and config.tokenizer.direction == "backward":
        raise ConfigError(
            f"tokenizer.direction is 'backward', but {config.text.init} has a tokenizer that reads "
            "lines forward, and training keeps the tokenizer of that model.",
            help="Leave --init out, or name a model trained with tokenizer.direction=backward.",
        )
    direction: Direction = "backward" if stored.tokenizer.is_backward else "forward"
    return replace(config.tokenizer, direction=direction)


class Preparation:
    """A run before its first update: its data, and the method that builds its network.

    Args:
        config: The settings.
        data: The texts, encoded.
        device: Device of the network.
        start: The model to start from; None for random weights.
        vectors: Pretrained word vectors to start from; None for random embeddings.

    Attributes:
        config: The settings; `build` replaces the output head `auto` by the one it chooses.
        data: The texts, encoded.
    """

    def __init__(
        self,
        config: RunConfig,
        data: TrainingData,
        *,
        device: torch.device,
        start: StoredModel | None,
        vectors: PretrainedVectors | None,
    ) -> None:
        self.config = config
        self.data = data
        self._device = device
        self._start = start
        self._vectors = vectors

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run.

        Args:
            build: Builds the network with random weights; see `FitJob.build`.

        Raises:
            ConfigError: The network cannot fit in memory, or settings contradict each other.
        """
        vocabulary = self.data.tokenizer.vocabulary_spec
        self.config = _with_chosen_output(self.config, vocab_size=vocabulary.vocab_size)
        settings = self.config.model_settings
        network = settings.network(vocabulary, backend=self.config.training.backend)
        require_memory(
            build,
            network,
            config=self.config,
            device=self._device,
            num_tokens=self.data.train.num_tokens,
        )
        model = build(network).to(self._device)
        if self._vectors is not None:
            self._vectors.fill(model, self.data.tokenizer)
        if self._start is not None:
            model.load_tensors(self._start.model.tensors(), source=str(self._start.path))
        return model


def prepare(
    start: Start,
    folder: Path,
    *,
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
    access: TextAccess | None = None,
) -> Preparation:
    """Configure torch for this machine, seed the random number generators and encode the texts.

    Args:
        start: The return value of `start_of`.
        folder: Folder for the tokenizer and the token stores.
        on_progress: Called with (stage, done, total); see `ProgressCallback`.
        standard_input: The stream that is read for the text `-`.
        access: How files are opened; relative to the current folder when None.

    Returns:
        The prepared run.

    Raises:
        ConfigError: No text is named, or a setting requires a validation text and there is none.
        DataError: A text cannot be read or is too short.
    """
    config = start.config
    access = access if access is not None else TextAccess()
    if isinstance(config.model, NeuralModelConfig):
        tune_process()
        seed_everything(config.training.seed)
    device = resolve_device(config.training.device)
    vectors = None
    if start.model is None and config.embedding.kind == "pretrained":
        vectors = PretrainedVectors(_located(config.embedding, access))
    data = prepare_data(
        config.text,
        config.tokenizer,
        folder=folder,
        tokenizer=None if start.model is None else start.model.tokenizer,
        extend=None if vectors is None else vectors.extend,
        standard_input=standard_input,
        on_progress=on_progress,
        access=access,
    )
    config = choose_by_text(config, num_tokens=data.train.num_tokens)
    _require_validation(config, data)
    return Preparation(config, data, device=device, start=start.model, vectors=vectors)


def _located(config: EmbeddingConfig, access: TextAccess) -> EmbeddingConfig:
    """Return the settings with a path of the vectors that can be opened from the current folder."""
    return config if config.path is None else replace(config, path=access.located(config.path))


def _require_validation(config: RunConfig, data: TrainingData) -> None:
    """Raise an error if a setting requires a validation text and there is none."""
    waiting = []
    if config.schedule.kind == "plateau":
        waiting.append("schedule.kind is 'plateau'")
    if config.evaluation.patience is not None:
        waiting.append(f"evaluation.patience is {config.evaluation.patience}")
    require(
        data.valid is not None or not waiting,
        f"{' and '.join(waiting)}, but there is no validation text.",
        help="Pass --valid, or a --split with a fraction for validation.",
    )


def _with_chosen_output(config: RunConfig, *, vocab_size: int) -> RunConfig:
    """Replace the output head `auto` by the chosen one, which is then saved with the model."""
    num_positions = config.training.positions_at_once
    choice = config.output.choice(vocab_size=vocab_size, num_positions=num_positions)
    _logger.info("output %s", choice)
    settled = config.output.resolved(vocab_size=vocab_size, num_positions=num_positions)
    return replace(config, output=settled)
