"""Everything a training needs before its first update: data, model, state."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import ConfigError, Values, decode, encode, require
from nextword.embeddings import EmbeddingConfig
from nextword.models import NeuralLanguageModel
from nextword.storage import Family, load_model
from nextword.tensors import resolve_device, seed_everything, tune_process
from nextword.text import ByteStream
from nextword.training.config import RunConfig
from nextword.training.data import StageProgress, TrainingData, prepare_data
from nextword.training.pretrained import PretrainedVectors
from nextword.training.sources import TextAccess
from nextword.training.state import TrainingState

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A training that stands before its first update.

    Attributes:
        config: The settings, with the output layer that suits the vocabulary.
        data: The texts, encoded.
        model: The model, on its device.
        state: All that the training will change.
    """

    config: RunConfig
    data: TrainingData
    model: NeuralLanguageModel
    state: TrainingState


def with_initial_model(
    config: RunConfig, *, families: Mapping[str, Family], access: TextAccess | None = None
) -> RunConfig:
    """Give the settings with the sizes of the model to start from, where one is named.

    Args:
        config: The settings.
        families: Every family that is known, by name.
        access: How files are got at; from the current folder when None.
    """
    if config.text.init is None:
        return config
    init = (access or TextAccess()).located(config.text.init)
    stored = load_model(Path(init), families=families)
    require(
        isinstance(stored.model, NeuralLanguageModel),
        f"{config.text.init} is of the family {stored.model.family}, which has no weights to go "
        "on from.",
        help="Leave --init out.",
    )
    built_of: Values = {
        section: stored.config[section]
        for section in ("model", "embedding", "output")
        if section in stored.config
    }
    saved = decode(RunConfig, built_of, source=str(stored.path))
    output = config.output
    if output.kind == "auto":
        output = saved.output
    return replace(config, model=saved.model, embedding=saved.embedding, output=output)


def prepare(
    config: RunConfig,
    folder: Path,
    *,
    families: Mapping[str, Family],
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
    access: TextAccess | None = None,
) -> Preparation:
    """Tune the process, seed it, encode the texts and build the model.

    Args:
        config: The settings, those of `with_initial_model` where a model is named.
        folder: Where tokenizer and token stores go.
        families: Every family that is known, by name.
        on_stage: Is told of stages.
        standard_input: The stream that the text `-` stands for.
        access: How texts and files are got at; from the current folder when None.

    Raises:
        ConfigError: The model to start from has no weights, or no text is named.
        DataError: A text cannot be read or is too short.
    """
    build = families[config.model.family].build
    if build is None:
        raise ConfigError(
            f"the family {config.model.family} is counted, not trained.",
        )
    tune_process()
    seed_everything(config.training.seed)
    device = resolve_device(config.training.device)
    start, vectors = None, None
    access = access if access is not None else TextAccess()
    if config.text.init is not None:
        start = load_model(Path(access.located(config.text.init)), families=families)
    elif config.embedding.kind == "pretrained":
        vectors = PretrainedVectors(_located(config.embedding, access))
    data = prepare_data(
        config.text,
        config.tokenizer,
        folder=folder,
        tokenizer=None if start is None else start.tokenizer,
        extend=None if vectors is None else vectors.extend,
        standard_input=standard_input,
        on_progress=on_stage,
        access=access,
    )
    _require_validation(config, data)
    config = _with_settled_output(config, vocab_size=data.tokenizer.vocab_size)
    model = build(encode(config), data.tokenizer).to(device)
    if vectors is not None:
        vectors.fill(model, data.tokenizer)
    if start is not None:
        model.load_tensors(start.model.tensors(), source=str(config.text.init))
    model.count(data.train, data.tokenizer, temporary_folder=folder)
    state = TrainingState(model, config, train=data.train, tokenizer=data.tokenizer)
    return Preparation(config=config, data=data, model=model, state=state)


def _located(config: EmbeddingConfig, access: TextAccess) -> EmbeddingConfig:
    """Name the file of vectors as it is to be opened from here."""
    return config if config.path is None else replace(config, path=access.located(config.path))


def _require_validation(config: RunConfig, data: TrainingData) -> None:
    """Refuse settings that wait for what validation says, where there is none."""
    waiting = []
    if config.schedule.kind == "plateau":
        waiting.append("schedule.kind is 'plateau'")
    if config.evaluation.patience is not None:
        waiting.append(f"evaluation.patience is {config.evaluation.patience}")
    require(
        data.valid is not None or not waiting,
        f"{' and '.join(waiting)}, but there is no validation text.",
        help="Give --valid, or a --split with a share for validation.",
    )


def _with_settled_output(config: RunConfig, *, vocab_size: int) -> RunConfig:
    """Choose the output layer; the model folder then says which, whatever is chosen later on."""
    num_positions = config.training.positions_at_once
    choice = config.output.choice(vocab_size=vocab_size, num_positions=num_positions)
    _logger.info("output %s", choice)
    settled = config.output.settled(vocab_size=vocab_size, num_positions=num_positions)
    return replace(config, output=settled)
