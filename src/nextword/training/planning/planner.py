"""The planner: parameters, memory and time of a training before it starts."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
from nextword.training.memory import activations_mib, fits, free_mib, weights_mib
from nextword.training.planning.ngram_plan import NgramPlan
from nextword.training.preparation import Preparation, prepare, start_of

_PROBE_WARM_UP = 2
_PROBE_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Estimated size, memory and time of a training.

    Attributes:
        family: Family of the model.
        num_parameters: Number of trained parameters.
        vocab_size: Number of token ids.
        num_train_tokens: Number of tokens in the training part.
        num_steps: Number of planned updates; None for a model that does not fit.
        output: The chosen output head, with the reason.
        backends: Backend of each recurrent layer.
        precision: Dtype of the forward pass.
        weights_mib: Memory of weights, gradients, optimizer state and weight average, in MiB.
        activations_mib: Estimated memory of the largest tensors of one update, in MiB.
        free_mib: Memory that is free, in MiB; None if it is not known.
        seconds_per_step: Duration of an update, measured over a few of them; None, like the
            following figures, for a model that does not fit into the free memory.
        minutes: Duration of the training at that speed, without validations.
        tokens_per_second: Training speed.
    """

    family: str
    num_parameters: int
    vocab_size: int
    num_train_tokens: int
    num_steps: int | None
    output: str
    backends: tuple[str, ...]
    precision: str
    weights_mib: float
    activations_mib: float
    free_mib: float | None
    seconds_per_step: float | None
    minutes: float | None
    tokens_per_second: float | None

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
        with suppress(_DoesNotFitError):
            model_config.fit(job)
        return job.plan()


class _DoesNotFitError(Exception):
    """Ends the fit of a model that needs more memory than is free."""


class _PlanJob:
    """Times a few updates instead of fitting a model; see `FitJob`."""

    def __init__(self, ready: Preparation, folder: Path, *, output: OutputConfig) -> None:
        self.ready = ready
        self._output = output
        self.model: NeuralLanguageModel
        self.num_steps: int | None = None
        self.seconds_per_step: float | None = None
        self.targets_per_step = 0.0
        self.train = ready.data.train
        self.tokenizer = ready.data.tokenizer
        self.temporary_folder = folder

    def build(self, build: Callable[[NetworkSpec], Network]) -> Network:
        """Return a network with its initial weights, on the device of the run."""
        planned = self.ready.planned(build)
        if planned is not None and not fits(self.ready.config, planned, device=self.ready.device):
            self.model = planned
            raise _DoesNotFitError
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
        precision = resolve_precision(config.training.precision, self.ready.device)
        seconds, minutes = self.seconds_per_step, None
        if seconds is not None and self.num_steps is not None:
            minutes = self.num_steps * seconds / 60.0
            minutes = minutes if limit is None else min(minutes, limit)
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
            weights_mib=weights_mib(config, model),
            activations_mib=activations_mib(config, model),
            free_mib=free_mib(self.ready.device),
            seconds_per_step=seconds,
            minutes=minutes,
            tokens_per_second=None if seconds is None else self.targets_per_step / seconds,
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
