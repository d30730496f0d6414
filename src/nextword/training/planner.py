"""The planner: parameters, memory and time of a training before it starts."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nextword.base import Values
from nextword.models import NgramConfig
from nextword.storage import Family
from nextword.tensors import format_name, resolve_precision
from nextword.text import ByteStream
from nextword.training.config import RunConfig
from nextword.training.data import StageProgress
from nextword.training.ngram_planner import NgramPlan, plan_ngram
from nextword.training.preparation import prepare, with_initial_model
from nextword.training.state import TrainingState

_BYTES_PER_NUMBER = 4
#: The score and its gradient.
_BYTES_PER_SCORE = 8
_PROBE_WARM_UP = 2
_PROBE_STEPS = 6
_MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a training would take.

    Attributes:
        family: The model's family.
        num_parameters: Trained numbers.
        vocab_size: Token ids.
        num_train_tokens: Tokens of the training part.
        num_steps: Updates planned.
        output: The output layer, and why it.
        backends: How each recurrent layer would be run.
        precision: Number format of the forward pass.
        weights_mib: Weights, gradients, optimiser memory and average, MiB.
        activations_mib: Largest tensors of one update, MiB: an estimate.
        seconds_per_step: Measured over a few updates.
        minutes: The whole training at that speed, validations apart.
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
    seconds_per_step: float
    minutes: float
    tokens_per_second: float

    def to_dict(self) -> Values:
        """Give the fields for JSON."""
        return asdict(self)


def plan_training(
    config: RunConfig,
    *,
    families: Mapping[str, Family],
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> Plan | NgramPlan:
    """Say what a training would take; nothing is kept.

    A network is built and a few updates are timed. N-grams are counted in the beginning of the
    text.

    Args:
        config: The settings.
        families: Every family that is known, by name.
        on_stage: Is told of stages.
        standard_input: The stream that the text `-` stands for.

    Raises:
        ConfigError: Settings do not fit each other, or no text is named.
        DataError: A text cannot be read or is too short.
    """
    if isinstance(config.model, NgramConfig):
        return plan_ngram(config, config.model, on_stage=on_stage, standard_input=standard_input)
    config = with_initial_model(config, families=families)
    with TemporaryDirectory(prefix="nextword-plan-") as folder:
        ready = prepare(
            config,
            Path(folder),
            families=families,
            on_stage=on_stage,
            standard_input=standard_input,
        )
        num_steps = ready.state.progress.num_steps
        seconds, num_targets = _probe(ready.state)
    data, model, limit = ready.data, ready.model, config.training.max_minutes
    precision = resolve_precision(config.training.precision, model.device)
    minutes = num_steps * seconds / 60.0
    copies = 2 + _optimizer_copies(config) + (config.averaging.decay > 0.0)
    # Neither gradient nor memory of a hashed table is as large as the table.
    num_hashed = sum(table.numel() for table in model.hashed_tables)
    num_numbers = num_hashed + copies * (model.num_parameters - num_hashed)
    positions = config.training.positions_at_once
    choice = config.output.choice(vocab_size=model.vocab_size, num_positions=positions)
    return Plan(
        family=model.family,
        num_parameters=model.num_parameters,
        vocab_size=model.vocab_size,
        num_train_tokens=data.train.num_tokens,
        num_steps=num_steps,
        output=str(choice),
        backends=model.backends,
        precision=format_name(precision),
        weights_mib=num_numbers * _BYTES_PER_NUMBER / _MEBIBYTE,
        activations_mib=model.output.num_scores_held(positions) * _BYTES_PER_SCORE / _MEBIBYTE,
        seconds_per_step=seconds,
        minutes=minutes if limit is None else min(minutes, limit),
        tokens_per_second=num_targets / seconds,
    )


def _probe(state: TrainingState) -> tuple[float, float]:
    """Time a few updates; give seconds and targets of one."""
    durations, targets = [], []
    for _ in range(_PROBE_WARM_UP + _PROBE_STEPS):
        started = time.perf_counter()
        found = state.compute_gradient()
        if found is None:
            break
        state.apply_gradient(learning_rate=0.0)
        durations.append(time.perf_counter() - started)
        targets.append(found[0].num_targets)
    kept = durations[_PROBE_WARM_UP:] or durations
    return sorted(kept)[len(kept) // 2], targets[0]


def _optimizer_copies(config: RunConfig) -> int:
    """Count the numbers an optimiser remembers a weight."""
    if config.optimizer.kind == "adamw":
        return 2
    return 1 if config.optimizer.momentum > 0.0 else 0
