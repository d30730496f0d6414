"""One whole training: folder, lock, data, model, loop, measurement, report."""

import logging
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from nextword.base import (
    ConfigError,
    MismatchError,
    NextwordError,
    Values,
    decode,
    encode,
    read_toml,
    write_toml,
)
from nextword.evaluation import PerplexityCard, evaluate
from nextword.models import NeuralLanguageModel, load_parameter_tensors
from nextword.storage import (
    Builder,
    RunFolder,
    RunLock,
    load_latest_checkpoint,
    load_model,
    load_model_folder,
    save_model,
)
from nextword.tensors import resolve_device, seed_everything, tune_process
from nextword.text import ByteStream
from nextword.tokens import Tokenizer, TokenStore
from nextword.training.callbacks import Callback, MetricsFile, TrainingCurve
from nextword.training.config import RunConfig
from nextword.training.data import StageProgress, TrainingData, prepare_data
from nextword.training.model_card import write_model_card
from nextword.training.progress import Progress
from nextword.training.report import write_report
from nextword.training.signals import stop_on_signals
from nextword.training.state import TrainingState
from nextword.training.trainer import Trainer

_logger = logging.getLogger(__name__)

RESUME = ("auto", "never")
#: Settings that may differ from the saved ones when a run goes on: how long, and what is logged.
_MAY_DIFFER = ("epochs", "max_steps", "max_minutes", "log_every", "checkpoint_every")


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a training came to.

    Attributes:
        run: The run folder.
        model: The model folder in it: the best model of the training.
        family: The model's family.
        num_parameters: Trained numbers.
        progress: How far it came.
        validation: The best model's card on the validation text, if there is one.
        test: Its card on the test text, if there is one.
    """

    run: Path
    model: Path
    family: str
    num_parameters: int
    progress: Progress
    validation: PerplexityCard | None
    test: PerplexityCard | None

    def to_dict(self) -> Values:
        """Give the JSON object that `nextword train --json` ends with."""
        seconds = self.progress.elapsed_s
        num_tokens = self.progress.num_tokens_seen
        return {
            "run": str(self.run),
            "model": str(self.model),
            "family": self.family,
            "num_parameters": self.num_parameters,
            "num_tokens_seen": num_tokens,
            "seconds": seconds,
            "tokens_per_second": num_tokens / seconds if seconds else None,
            "validation": self.validation.to_dict() if self.validation else None,
            "test": self.test.to_dict() if self.test else None,
        }


def run_training(
    config: RunConfig,
    out: Path,
    *,
    builders: Mapping[str, Builder],
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> RunResult:
    """Train a model into a run folder, or go on with one.

    Args:
        config: The settings.
        out: The run folder; made where it is missing.
        builders: What builds each family.
        resume: `never` refuses a folder that holds a run; `auto` starts in an empty one, goes on
            where a run stopped, and on a finished run only reports.
        callbacks: Gives what watches beside the metrics file and the training curve.
        on_stage: Is told of stages before and after training.
        standard_input: The stream that the text `-` stands for.

    Raises:
        ConfigError: The folder is not empty, or the settings differ from those of the run.
        LockedError: Another process trains in this folder.
        DivergedError: The loss is not finite.
        KeyboardInterrupt: SIGINT came; a checkpoint was saved.
        SystemExit: SIGTERM came, with code 143; a checkpoint was saved.
    """
    if resume not in RESUME:
        raise ConfigError(f"resume is {resume!r}.", help="Use auto or never.")
    run = RunFolder.create(out)
    with RunLock(out), stop_on_signals() as stop:
        with _left_empty_on_refusal(run):
            config = _settled(config, run, resume=resume, builders=builders)
            tune_process()
            seed_everything(config.training.seed)
            data, model = _data_and_model(
                config, run, builders=builders, on_stage=on_stage, standard_input=standard_input
            )
            state = TrainingState(model, config, train=data.train, tokenizer=data.tokenizer)
        _restore(state, run)
        keeper = _ModelKeeper(run, model, config, data.tokenizer)
        watchers = [MetricsFile(run), TrainingCurve(run), *(callbacks(run) if callbacks else ())]
        trainer = Trainer(
            state,
            config,
            valid=data.valid,
            tokenizer=data.tokenizer,
            run=run,
            save_best=keeper.save,
            callbacks=watchers,
            stop=stop,
        )
        if not state.progress.is_finished:
            trainer.run()
        if stop.signal_number == signal.SIGINT:
            raise KeyboardInterrupt
        if stop:
            raise SystemExit(128 + int(stop.signal_number or 0))
        return _measure(run, config, model, data, keeper, state.progress, on_stage)


@contextmanager
def _left_empty_on_refusal(run: RunFolder) -> Iterator[None]:
    """Take back what was written into an empty folder when a text or a setting is refused.

    So that the same command, mended, does not stumble over what the first attempt left.
    """
    was_empty = run.is_empty()
    try:
        yield
    except NextwordError:
        if was_empty:
            shutil.rmtree(run.tokens_folder, ignore_errors=True)
            run.config_file.unlink(missing_ok=True)
        raise


class _ModelKeeper:
    """Writes the model folder of a run: during training the best so far, then with its cards."""

    def __init__(
        self, run: RunFolder, model: NeuralLanguageModel, config: RunConfig, tokenizer: Tokenizer
    ) -> None:
        self._run = run
        self._model = model
        self._config = _portable(config)
        self._tokenizer = tokenizer

    def save(self, cards: Sequence[PerplexityCard] = ()) -> None:
        """Write the model as it stands."""
        card = write_model_card(
            name=self._run.path.name,
            config=self._config,
            num_parameters=self._model.num_parameters,
            cards=cards,
        )
        save_model(
            self._run.model_folder,
            self._model,
            config=self._config,
            tokenizer=self._tokenizer,
            card=card,
        )

    def load_best(self) -> None:
        """Put the weights of the saved model into the model."""
        stored = load_model_folder(self._run.model_folder)
        load_parameter_tensors(self._model, stored.tensors, source=str(self._run.model_folder))


def _portable(config: RunConfig) -> Values:
    """Give the settings that hold on any machine: without paths, device and backend."""
    values = encode(config)
    del values["text"], values["training"]["device"], values["training"]["backend"]
    return values


def _settled(
    config: RunConfig, run: RunFolder, *, resume: str, builders: Mapping[str, Builder]
) -> RunConfig:
    """Check the settings against those of the run in the folder, and write them down."""
    if config.text.init is not None:
        stored = load_model(Path(config.text.init), builders=builders)
        config = replace(config, model=type(config.model)(**stored.config["model"]))
    if not run.is_empty():
        if resume == "never":
            raise ConfigError(
                f"{run.path} is not empty.",
                help="Choose another --out, or go on with the run by --resume auto.",
            )
        _refuse_other_settings(config, run)
    run.write_config(write_toml(encode(config)))
    return config


def _refuse_other_settings(config: RunConfig, run: RunFolder) -> None:
    saved = decode(
        RunConfig, read_toml(run.read_config(), source=str(run.config_file)), source="config.toml"
    )
    here, there = _comparable(config), _comparable(saved)
    for section in here:
        for key, value in here[section].items():
            if value != there[section][key]:
                raise MismatchError(
                    f"{section}.{key} is {value!r}, but the run in {run.path} was started with "
                    f"{there[section][key]!r}.",
                    help="Give the settings of the run, or choose another --out.",
                )


def _comparable(config: RunConfig) -> dict[str, Values]:
    """Give the settings that must be the same when a run goes on."""
    values = {
        section: value for section, value in asdict(config).items() if section != "description"
    }
    for key in _MAY_DIFFER:
        values["training"].pop(key)
    return values


def _data_and_model(
    config: RunConfig,
    run: RunFolder,
    *,
    builders: Mapping[str, Builder],
    on_stage: StageProgress | None,
    standard_input: ByteStream | None,
) -> tuple[TrainingData, NeuralLanguageModel]:
    device = resolve_device(config.training.device)
    start = None
    if config.text.init is not None:
        start = load_model(Path(config.text.init), builders=builders)
    data = prepare_data(
        config.text,
        config.tokenizer,
        folder=run.tokens_folder,
        tokenizer=start.tokenizer if start is not None else None,
        standard_input=standard_input,
        on_progress=on_stage,
    )
    model = builders[config.model.family](encode(config), data.tokenizer).to(device)
    if start is not None:
        model.load_state_dict(start.model.state_dict())  # type: ignore[attr-defined]
    return data, model


def _restore(state: TrainingState, run: RunFolder) -> None:
    """Go on from the latest checkpoint, if there is one, for as long as the settings now say."""
    checkpoint = load_latest_checkpoint(run.checkpoints_folder)
    if checkpoint is None:
        return
    state.restore(checkpoint)
    state.extend()
    _logger.info("going on after update %d", state.progress.step)


def _measure(
    run: RunFolder,
    config: RunConfig,
    model: NeuralLanguageModel,
    data: TrainingData,
    keeper: _ModelKeeper,
    progress: Progress,
    on_stage: StageProgress | None,
) -> RunResult:
    """Measure the best model as `nextword evaluate` does, and write card and report."""
    keeper.load_best()

    def card(name: str, store: TokenStore | None) -> PerplexityCard | None:
        if store is None:
            return None
        return evaluate(
            model,
            store,
            tokenizer=data.tokenizer,
            name=str(run.path),
            text=data.descriptions[name],
            reset=config.training.reset,
            on_progress=lambda done: (
                on_stage(f"measuring on the {name} text", done) if on_stage else None
            ),
        )

    with torch.no_grad():
        validation, test = card("valid", data.valid), card("test", data.test)
    keeper.save([each for each in (validation, test) if each is not None])
    result = RunResult(
        run=run.path,
        model=run.model_folder,
        family=model.family,
        num_parameters=model.num_parameters,
        progress=progress,
        validation=validation,
        test=test,
    )
    write_report(run, config=config, result=result.to_dict(), cards=[validation, test])
    return result
