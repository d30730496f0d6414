"""A training at one moment: model, optimiser, place in the text, random numbers.

All of it can be written down and put back to the bit; `trainer` moves it on.
"""

import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nextword.base import MismatchError, Values
from nextword.batches import UnitReader, lanes, shuffled_by_length
from nextword.layers import sparse_parameters, use_sparse_gradients
from nextword.models import NeuralLanguageModel, load_parameter_tensors, parameter_tensors
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
from nextword.recurrent import clip_state_gradients
from nextword.storage import Checkpoint
from nextword.tensors import (
    TorchRandomState,
    random_states,
    resolve_precision,
    set_random_states,
    set_torch_random_state,
    torch_random_state,
)
from nextword.tokens import Tokenizer, TokenStore
from nextword.training.bptt import TruncatedBptt, UpdateLoss
from nextword.training.config import RunConfig
from nextword.training.meter import Meter
from nextword.training.progress import Progress
from nextword.training.snapshot import (
    environment,
    load_optimizer_tensors,
    optimizer_tensors,
    strip_prefix,
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The parts of a training that reading a window changes."""

    position: Tensor
    queues: Any
    random_state: TorchRandomState


class TrainingState:
    """Everything that changes in the course of a training.

    Args:
        model: The model, on its device.
        config: The settings; `text` and `tokenizer` are not looked at.
        train: The training text.
        tokenizer: Of that text.
    """

    def __init__(
        self,
        model: NeuralLanguageModel,
        config: RunConfig,
        *,
        train: TokenStore,
        tokenizer: Tokenizer,
    ) -> None:
        training = config.training
        self._config = training
        self._train = train
        self._boundary_id = tokenizer.boundary_id
        self._unit_starts = (
            lanes(train.num_tokens, training.batch_size)
            if training.reset == "never"
            else train.unit_starts(training.reset, tokenizer.line_end_ids)
        )
        self.model = model
        use_sparse_gradients(model)
        if config.clipping.state_threshold is not None:
            clip_state_gradients(model, config.clipping.state_threshold)
        self._excluded = frozenset(sparse_parameters(model))
        self.optimizer = build_optimizer(model, config.optimizer, exclude=self._excluded)
        self._descent = SparseDescent(
            self._excluded, learning_rate=config.optimizer.table_learning_rate
        )
        self._highest_rate = config.optimizer.learning_rate
        self._is_plain_descent = is_plain_descent(config.optimizer)
        self._scale = 1.0
        self.clipper = Clipper(config.clipping)
        self.plateau = Plateau(config.schedule)
        self.average = WeightAverage(model, decay=config.averaging.decay, exclude=self._excluded)
        self.bptt = TruncatedBptt(
            model,
            bptt_steps=training.bptt_steps,
            update_every=training.targets_per_update,
            carry_state=training.carry_state,
            accumulation_steps=training.accumulation_steps,
            free_running_probability=training.free_running_probability,
            penalty=config.regularization.penalty,
            precision=resolve_precision(training.precision, model.device),
        )
        self.progress = Progress(limits=self.limits())
        self.meter = Meter()
        self.open_epoch()
        self.updates_per_epoch = self._count_updates()
        self.progress.num_steps = self.planned_steps()

    def open_epoch(self) -> None:
        """Stand before the first token of the epoch that `progress` names."""
        self.reader = self._new_reader()
        self.bptt.start(self.reader)

    def planned_steps(self) -> int:
        """Give how many updates the settings ask for, minutes apart."""
        planned = self._config.epochs * self.updates_per_epoch
        return planned if self._config.max_steps is None else min(planned, self._config.max_steps)

    def limits(self) -> list[float | None]:
        """Give what the settings say of how long to train."""
        return [self._config.epochs, self._config.max_steps, self._config.max_minutes]

    def extend(self) -> None:
        """Plan anew where the settings now say another length than when the run was saved."""
        if self.progress.limits == self.limits():
            return
        self.progress.limits = self.limits()
        self.progress.num_steps = self.planned_steps()
        self.progress.planned_at_step = self.progress.step
        self.progress.planned_at_s = self.progress.elapsed_s
        self.progress.is_fitted = False
        self.progress.is_finished = self.progress.step >= self.progress.num_steps

    def compute_gradient(self) -> tuple[UpdateLoss, Clipped] | None:
        """Read on and leave the gradient of one update; None when the text is read.

        Plain descent multiplies with what clipping left to be done, in `apply_gradient`.
        """
        self.model.train()
        self.model.zero_grad(set_to_none=True)
        loss = self.bptt.back_propagate(self.reader)
        if loss is None:
            return None
        dense = [each for each in self.model.parameters() if each not in self._excluded]
        gradient = gradient_entries(dense, keep_sparse=self._is_plain_descent)
        clipped = self.clipper.clip(gradient, leave_scale=self._is_plain_descent)
        self._scale = clipped.scale
        return loss, clipped

    def apply_gradient(self, learning_rate: float) -> None:
        """Move the weights, and their average, by the gradient that is there."""
        set_learning_rate(self.optimizer, learning_rate * self._scale)
        self.optimizer.step()
        self._descent.step(share=learning_rate / self._highest_rate)
        self.average.update()

    def overflowed(self) -> str | None:
        """Return the name of a weight that is not finite; None where all are.

        An update can overflow although loss and gradient were finite. The model is looked at as
        it stands, with averaged weights where those are applied.
        """
        for name, parameter in self.model.named_parameters():
            if not bool(torch.isfinite(parameter.detach().sum())) and not bool(
                torch.isfinite(parameter.detach()).all()
            ):
                return name
        return None

    def mark(self) -> Mark:
        """Remember this moment, to come back to should the next update be refused.

        Of the generators only torch's are kept: nothing in an update draws from the others, and
        copying them takes longer than all the rest of this.
        """
        return Mark(
            position=self.reader.position(),
            queues=self.bptt.mark(),
            random_state=torch_random_state(self.model.device),
        )

    def rewind(self, mark: Mark) -> None:
        """Go back to a moment since which no weight has changed."""
        self.reader.seek(mark.position)
        self.bptt.rewind(mark.queues)
        set_torch_random_state(mark.random_state, self.model.device)

    def collect(self) -> tuple[dict[str, Tensor], Values]:
        """Give everything as tensors and JSON values, for a checkpoint."""
        random_tensors, random_values = random_states()
        tensors = {f"model.{name}": t for name, t in parameter_tensors(self.model).items()}
        tensors |= optimizer_tensors(self.optimizer)
        tensors |= self.average.state_tensors()
        tensors |= self.bptt.state_tensors()
        tensors |= random_tensors
        tensors["reader.position"] = self.reader.position()
        values = {
            "progress": self.progress.to_values(),
            "clipper": self.clipper.state_values(),
            "plateau": self.plateau.state_values(),
            "bptt": self.bptt.state_values(),
            "meter": self.meter.state_values(),
            "random": random_values,
            "environment": environment(torch.get_num_threads()),
            "train_ids_sha256": self._train.ids_sha256,
        }
        return tensors, values

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, to the bit.

        Raises:
            MismatchError: It belongs to another model or to other data.
        """
        tensors, values = checkpoint.tensors, checkpoint.values
        _compare_environment(values["environment"])
        source = f"the checkpoint of step {checkpoint.step}"
        self._refuse_other_text(values.get("train_ids_sha256"), source=source)
        load_parameter_tensors(self.model, strip_prefix(tensors, "model."), source=source)
        load_optimizer_tensors(self.optimizer, tensors)
        self.average.load_state_tensors(tensors)
        self.progress = Progress.from_values(values["progress"])
        self.clipper.load_state_values(values["clipper"])
        self.plateau.load_state_values(values["plateau"])
        self.meter.load_state_values(values["meter"])
        self.reader = self._new_reader()
        position = tensors["reader.position"]
        if position.shape[1] != self.reader.batch_size:
            raise MismatchError(
                f"{source} reads {position.shape[1]} rows, this run {self.reader.batch_size}.",
                help="Resume with the text and the batch_size the run was started with.",
            )
        self.reader.seek(position)
        self.bptt.load_state(tensors, values["bptt"])
        set_random_states(tensors, values["random"])

    def _refuse_other_text(self, ids_sha256: str | None, *, source: str) -> None:
        """Refuse a training text that is not the one the checkpoint was trained on."""
        here = self._train.ids_sha256
        if ids_sha256 and here and ids_sha256 != here:
            raise MismatchError(
                f"{source} was trained on tokens with SHA-256 {ids_sha256[:12]}, the tokens here "
                f"have {here[:12]}: the text has changed and was encoded again.",
                help="Put the old text back and remove tokens/, or choose another --out.",
            )

    def _new_reader(self) -> UnitReader:
        order = None
        if self._config.reset != "never":
            order = shuffled_by_length(
                self._unit_starts,
                batch_size=self._config.batch_size,
                seed=self._config.seed,
                epoch=self.progress.epoch,
            )
        return UnitReader(
            self._train.ids,
            self._unit_starts,
            batch_size=self._config.batch_size,
            boundary_id=self._boundary_id,
            order=order,
        )

    def _count_updates(self) -> int:
        """Count the updates of the first epoch; with shuffled lines others may differ a little."""
        window_steps = min(self._config.bptt_steps, self._config.targets_per_update)
        windows_per_update = self._config.targets_per_update // window_steps
        return -(-self.reader.count_windows(window_steps) // windows_per_update)


def _compare_environment(saved: Values) -> None:
    here = environment(torch.get_num_threads())
    if saved != here:
        _logger.warning(
            "the run was started with %s and goes on with %s; its last bits may differ from those "
            "of an uninterrupted run",
            saved,
            here,
        )
