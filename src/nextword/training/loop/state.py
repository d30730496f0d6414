"""The state of a training: objective, optimizer, averages, counters and random number generators.

All of it is saved in a checkpoint and restored bit-exactly. `Trainer` updates it.
"""

import logging
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from nextword.base import MismatchError, Values
from nextword.layers import sparse_parameters, use_sparse_gradients
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.optim import (
    Clipped,
    Clipper,
    Plateau,
    SparseDescent,
    WeightAverage,
    build_optimizer,
    gradient_entries,
    is_plain_descent,
    set_learning_rate,
)
from nextword.parallel import current_world
from nextword.storage import Checkpoint
from nextword.tensors import TorchRandomState, set_torch_random_state, torch_random_state
from nextword.training.loop.config import LoopConfig
from nextword.training.loop.horizon import extend_horizon
from nextword.training.loop.meter import Meter
from nextword.training.loop.objective import Objective, UpdateLoss
from nextword.training.loop.progress import TrainingProgress
from nextword.training.loop.snapshot import (
    environment,
    load_optimizer_tensors,
    load_random_states,
    optimizer_tensors,
    random_states_of_all,
    strip_prefix,
)

_logger = logging.getLogger(__name__)

AnyObjective = TypeVar("AnyObjective", bound=Objective)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The position in the data and the random states before an update."""

    objective: Any
    random_state: TorchRandomState


class TrainingState(Generic[AnyObjective]):
    """The mutable state of a training.

    With several processes, the weights become those of the first one, and each process has random
    numbers of its own.

    Args:
        objective: The model, its data and its loss.
        config: The settings of the loop.

    Attributes:
        world: The processes that train together.
    """

    def __init__(self, objective: AnyObjective, config: LoopConfig) -> None:
        self.objective = objective
        self.model = objective.model
        self._config = config
        self.world = current_world()
        self.world.copy_from_first([*self.model.parameters(), *self.model.buffers()])
        if not self.world.is_first:
            torch.manual_seed((torch.initial_seed() + self.world.rank) % 2**63)
        use_sparse_gradients(self.model)
        self._excluded = frozenset(sparse_parameters(self.model))
        self.optimizer = build_optimizer(self.model, config.optimizer, exclude=self._excluded)
        self._descent = SparseDescent(
            self._excluded, learning_rate=config.optimizer.table_learning_rate
        )
        self._highest_rate = config.optimizer.learning_rate
        self._is_plain_descent = is_plain_descent(config.optimizer)
        self._scale = 1.0
        self.clipper = Clipper(config.clipping)
        self.plateau = Plateau(config.schedule)
        self.average = WeightAverage(
            self.model, decay=config.averaging.decay, exclude=self._excluded
        )
        self.progress = TrainingProgress(limits=self.limits())
        self.meter = Meter()
        self.start_epoch()
        self.progress.num_steps = self.planned_steps()

    @property
    def device(self) -> torch.device:
        """The device of the model."""
        return next(self.model.parameters()).device

    def start_epoch(self) -> None:
        """Go to the beginning of the data."""
        self.objective.start_epoch(self.progress.epoch)

    def planned_steps(self) -> int:
        """Return the number of updates according to the settings, without the time limit."""
        planned = self._config.epochs * self.objective.updates_per_epoch
        return planned if self._config.max_steps is None else min(planned, self._config.max_steps)

    def limits(self) -> list[float | None]:
        """Return the limits of the training: epochs, updates and minutes."""
        return [self._config.epochs, self._config.max_steps, self._config.max_minutes]

    def extend(self) -> None:
        """Plan the number of updates again if the limits in the settings have changed."""
        if self.progress.limits == self.limits():
            return
        self.progress.limits = self.limits()
        extend_horizon(
            self.progress,
            max_minutes=self._config.max_minutes,
            planned_steps=self.planned_steps(),
        )
        self.progress.is_finished = self.progress.step >= self.progress.num_steps

    def compute_gradient(self) -> tuple[UpdateLoss, Clipped] | None:
        """Compute the clipped gradient of one update.

        With plain gradient descent, `apply_gradient` applies the clipping factor instead.

        Returns:
            The loss of all processes, and the norm of their gradient with the clipping factor;
            None at the end of the epoch.
        """
        self.model.train()
        self.model.zero_grad(set_to_none=True)
        own_loss = self.objective.backward()
        if own_loss is None:
            return None
        loss_sum, num_items = self.world.sum([own_loss.loss_sum, own_loss.num_items])
        loss = UpdateLoss(loss_sum=loss_sum, num_items=round(num_items))
        self.world.sum_gradients(self.model.parameters())
        dense = [each for each in self.model.parameters() if each not in self._excluded]
        gradient = gradient_entries(dense, keep_sparse=self._is_plain_descent)
        clipped = self.clipper.clip(gradient, leave_scale=self._is_plain_descent)
        self._scale = clipped.scale
        return loss, clipped

    def apply_gradient(self, learning_rate: float) -> None:
        """Update the weights and their average.

        Args:
            learning_rate: Learning rate of this update.
        """
        set_learning_rate(self.optimizer, learning_rate * self._scale)
        self.optimizer.step()
        self._descent.step(share=learning_rate / self._highest_rate)
        self.average.update()

    def overflowed(self) -> str | None:
        """Return the name of a weight that is not finite; None if all are finite.

        An update can overflow although loss and gradient are finite. The current weights are
        checked; these are the averaged ones while the average is applied.
        """
        for name, parameter in self.model.named_parameters():
            if not bool(torch.isfinite(parameter.detach().sum())) and not bool(
                torch.isfinite(parameter.detach()).all()
            ):
                return name
        return None

    def mark(self) -> Mark:
        """Return the position before an update, for `rewind`.

        Only the generators of torch are saved: updates use no others, and copying those of Python
        and NumPy takes longer than everything else here.
        """
        return Mark(objective=self.objective.mark(), random_state=torch_random_state(self.device))

    def rewind(self, mark: Mark) -> None:
        """Go back to a mark; no weight may have changed since."""
        self.objective.rewind(mark.objective)
        set_torch_random_state(mark.random_state, self.device)

    def collect(self) -> tuple[dict[str, Tensor], Values]:
        """Return the whole state as tensors and JSON values, for a checkpoint.

        With several processes, the first one returns the state of all of them.
        """
        random_tensors, random_values = random_states_of_all(self.world)
        objective_tensors, objective_values = self.objective.state()
        tensors = {f"model.{name}": t for name, t in parameter_tensors(self.model).items()}
        tensors |= optimizer_tensors(self.optimizer)
        tensors |= self.average.state_tensors()
        tensors |= objective_tensors
        tensors |= random_tensors
        values = {
            "progress": self.progress.to_values(),
            "clipper": self.clipper.state_values(),
            "plateau": self.plateau.state_values(),
            "meter": self.meter.state_values(),
            "random": random_values,
            "environment": environment(torch.get_num_threads()),
            "num_processes": self.world.size,
            **objective_values,
        }
        return tensors, values

    def restore(self, checkpoint: Checkpoint, *, reshard: bool | None = None) -> None:
        """Restore the state from a checkpoint, bit-exactly.

        Args:
            checkpoint: The checkpoint.
            reshard: Whether the checkpoint may be that of another number of processes. The rows
                of the batch and their hidden states are then divided among the processes of this
                training; random numbers such as those of dropout become others. None refuses it as
                False does, for callers without a `--reshard` that the error could advise.

        Raises:
            MismatchError: The checkpoint belongs to another model, to other data, or to another
                number of processes.
        """
        tensors, values = checkpoint.tensors, checkpoint.values
        num_processes = values.get("num_processes", 1)
        if not reshard:
            _require_processes(num_processes, self.world.size, can_reshard=reshard is not None)
        _compare_environment(values["environment"])
        source = f"the checkpoint of step {checkpoint.step}"
        progress = TrainingProgress.from_values(values["progress"])
        load_parameter_tensors(self.model, strip_prefix(tensors, "model."), source=source)
        load_optimizer_tensors(self.optimizer, tensors)
        self.average.load_state_tensors(tensors)
        self.progress = progress
        self.clipper.load_state_values(values["clipper"])
        self.plateau.load_state_values(values["plateau"])
        self.meter.load_state_values(values["meter"])
        self.objective.load_state(tensors, values, epoch=progress.epoch, source=source)
        load_random_states(tensors, values["random"], world=self.world, num_saved=num_processes)


def _require_processes(saved: int, here: int, *, can_reshard: bool) -> None:
    """Raise an error if a training is resumed with another number of processes."""
    if saved == here:
        return
    noun = "process" if saved == 1 else "processes"
    help = f"Start {saved} {noun}, or choose another --out."
    if can_reshard:
        help = (
            f"Start {saved}. Or add --reshard to nextword train: the rows of the batch and "
            "their hidden states are then divided anew, and only random numbers and rounding "
            "differ from an uninterrupted run."
        )
    raise MismatchError(
        f"the run was trained on {saved} {noun}, this training has {here}.", help=help
    )


def _compare_environment(saved: Values) -> None:
    here = environment(torch.get_num_threads())
    if saved != here:
        _logger.warning(
            "the run was started with %s and continues with %s; its last bits may differ from "
            "those of an uninterrupted run",
            saved,
            here,
        )
