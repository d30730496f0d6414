"""The planner: parameters, memory and time of a training before it starts."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from nextword.base import ProgressCallback, Values
from nextword.families import NetworkSpec
from nextword.families.contract import Network
from nextword.layers import OutputConfig
from nextword.models import NeuralLanguageModel
from nextword.recurrent import layer_backends
from nextword.tensors import dtype_name, resolve_precision
from nextword.text import ByteStream
from nextword.training.config import RunConfig
from nextword.training.language_modeling import LanguageModelingObjective
from nextword.training.loop import TrainingState
from nextword.training.memory import (
    MemoryLimit,
    memory_limit,
    peak_memory_mib,
    scores_mib,
    weights_mib,
)
from nextword.training.planning.ngram_plan import NgramPlan
from nextword.training.preparation import Preparation, prepare, start_of

#: The score and its gradient.
_PROBE_WARM_UP = 2
_PROBE_STEPS = 6
#: Libraries that a training loads after its first updates, for pictures and the report (measured).
_REPORT_MIB = 70.0
#: Copies of weights and optimizer state while a checkpoint is written (measured).
_CHECKPOINT_SHARE = 0.75
#: Share of the memory above which a training may run out of it.
_NEAR_LIMIT = 0.9

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Estimated size, memory and time of a training.

    Attributes:
        family: Family of the model.
        num_parameters: Number of trained parameters.
        vocab_size: Number of token ids.
        num_train_tokens: Number of tokens in the training part.
        num_steps: Number of planned updates.
        output: The chosen output head, with the reason.
        backends: Backend of each recurrent layer.
        precision: Dtype of the forward pass.
        weights_mib: Memory of weights, gradients, optimizer state and weight average, in MiB.
        activations_mib: Estimated memory of the largest tensors of one update, in MiB.
        peak_mib: Estimated peak memory of the process, in MiB: that of the measured updates, a
            checkpoint and the report. On a GPU, its memory is not included.
        limit_mib: The memory of this machine, or of the control group if that is lower, in MiB;
            None if it is not known.
        seconds_per_step: Duration of an update, measured over a few of them.
        minutes: Duration of the training at that speed, without validations.
        tokens_per_second: Training speed.
    """

    family: str
    num_parameters: int
    vocab_size: int
    num_train_tokens: int
    num_steps: int
    output: str
    backends: tuple[str, ...]
    precision: str
    weights_mib: float
    activations_mib: float
    peak_mib: float
    limit_mib: float | None
    seconds_per_step: float
    minutes: float
    tokens_per_second: float

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)


def plan_training(
    config: RunConfig,
    *,
    on_progress: ProgressCallback | None = None,
    standard_input: ByteStream | None = None,
) -> Plan | NgramPlan:
    """Estimate the size, memory and time of a training, in a temporary folder.

    For a neural network, the model is built and a few updates are timed. For an n-gram model, the
    beginning of the text is counted.

    Args:
        config: The settings.
        on_progress: Called with (stage, done, total); see `ProgressCallback`.
        standard_input: The stream that is read for the text `-`.

    Returns:
        The plan; times are measured on this machine.

    Raises:
        ConfigError: Settings contradict each other, or no text is named.
        DataError: A text cannot be read or is too short.
    """
    start = start_of(config)
    with TemporaryDirectory(prefix="nextword-plan-") as folder:
        ready = prepare(start, Path(folder), on_progress=on_progress, standard_input=standard_input)
        model_config, train = start.config.model, ready.data.train
        estimate = model_config.estimate(train, ready.data.tokenizer)
        if estimate is not None:
            return NgramPlan.of(estimate, family=model_config.family, train=train)
        job = _PlanJob(ready, Path(folder), output=start.config.output)
        model_config.fit(job)
        return job.plan()


class _PlanJob:
    """Times a few updates instead of fitting a model; see `FitJob`."""

    def __init__(self, ready: Preparation, folder: Path, *, output: OutputConfig) -> None:
        self.ready = ready
        self._output = output
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = folder
        self.on_progress: ProgressCallback | None = None

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run."""
        return self.ready.build(build)

    def minimize(self, model: NeuralLanguageModel) -> None:
        """Time a few updates without changing the weights."""
        objective = LanguageModelingObjective(
            model, self.ready.config, train=self.train, valid=None, tokenizer=self.tokenizer
        )
        state = TrainingState(objective, self.ready.config.loop)
        self.model, self.num_steps = model, state.progress.num_steps
        self.seconds_per_step, self.targets_per_step = _probe(state)

    def plan(self) -> Plan:
        """Return the plan."""
        config, model, limit = self.ready.config, self.model, self.ready.config.training.max_minutes
        precision = resolve_precision(config.training.precision, model.device)
        minutes = self.num_steps * self.seconds_per_step / 60.0
        weights = weights_mib(model, config)
        peak = peak_memory_mib() + _REPORT_MIB + _CHECKPOINT_SHARE * weights
        limit_mib = _warned_limit(peak, memory_limit(torch.device("cpu")))
        positions = config.training.positions_at_once
        choice = self._output.choice(vocab_size=model.vocab_size, num_positions=positions)
        return Plan(
            family=model.family,
            num_parameters=model.num_parameters,
            vocab_size=model.vocab_size,
            num_train_tokens=self.train.num_tokens,
            num_steps=self.num_steps,
            output=str(choice),
            backends=layer_backends(model),
            precision=dtype_name(precision),
            weights_mib=weights,
            activations_mib=scores_mib(model, config, num_tokens=self.train.num_tokens),
            peak_mib=peak,
            limit_mib=limit_mib,
            seconds_per_step=self.seconds_per_step,
            minutes=minutes if limit is None else min(minutes, limit),
            tokens_per_second=self.targets_per_step / self.seconds_per_step,
        )


def _probe(state: TrainingState[LanguageModelingObjective]) -> tuple[float, float]:
    """Time a few updates; return the median duration in seconds and the targets of one update."""
    durations, targets = [], []
    for _ in range(_PROBE_WARM_UP + _PROBE_STEPS):
        started = time.perf_counter()
        found = state.compute_gradient()
        if found is None:
            break
        state.apply_gradient(learning_rate=0.0)
        durations.append(time.perf_counter() - started)
        targets.append(found[0].num_items)
    kept = durations[_PROBE_WARM_UP:] or durations
    return sorted(kept)[len(kept) // 2], targets[0]


def _warned_limit(peak_mib: float, limit: MemoryLimit | None) -> float | None:
    """Return the limit in MiB, and log a warning if the training comes near it."""
    if limit is None:
        return None
    if peak_mib > _NEAR_LIMIT * limit.mib:
        _logger.warning(
            "the training takes about %s MiB, and there are %s: it may run out of memory. Lower "
            "training.batch_size or raise training.accumulation_steps.",
            f"{peak_mib:,.0f}",
            limit,
        )
    return limit.mib
