"""Language modeling as a training objective: truncated BPTT over a token store."""

import logging
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.base import MismatchError, Values, nats_to_bits, perplexity
from nextword.batches import Batch, UnitReader, lanes, row_part, shuffled_by_length
from nextword.evaluation import add_by_unit, score_units
from nextword.models import NeuralLanguageModel, State
from nextword.parallel import current_world
from nextword.recurrent import clip_state_gradients
from nextword.tensors import resolve_precision
from nextword.tokens import Tokenizer, TokenStore
from nextword.training.config import RunConfig
from nextword.training.language_modeling.bptt import TruncatedBptt
from nextword.training.loop import Objective, UpdateLoss, Validation

_logger = logging.getLogger(__name__)

_POSITION = "reader.position"
_IDS_SHA256 = "train_ids_sha256"


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """A position in the training text, with the states and windows in memory."""

    position: Tensor
    windows: tuple[deque[State], deque[Batch]]


#: Losses above this multiple of the loss of a uniform guess are those of a diverged model.
_LARGEST_LOSS = 20.0
#: The same for one lane of the validation text, if half of the lanes are below a uniform guess.
_LARGEST_LANE_LOSS = 2.0
#: The mean of a shorter lane can be above that because of a few rare words.
_MIN_LANE_TOKENS = 200


class LanguageModelingObjective(Objective):
    """Prediction of each token of a text from the previous tokens, trained with truncated BPTT.

    Args:
        model: The model, on its device.
        config: The settings; the sections `text` and `tokenizer` are not used.
        train: The training text, encoded.
        valid: The validation text, encoded; None for no validation.
        tokenizer: The tokenizer of both.
    """

    unit = "tokens"
    headline = "perplexity"
    model: NeuralLanguageModel

    def __init__(
        self,
        model: NeuralLanguageModel,
        config: RunConfig,
        *,
        train: TokenStore,
        valid: TokenStore | None,
        tokenizer: Tokenizer,
    ) -> None:
        training = config.training
        self._world = current_world()
        self.model = model
        self._config = training
        self._evaluation = config.evaluation
        self._train = train
        self._valid = valid
        self._tokenizer = tokenizer
        # A uniform guess has a loss of log(vocab_size).
        self.largest_loss = _LARGEST_LOSS * math.log(max(2, model.vocab_size))
        self._unit_starts = self._starts_of(train, training.batch_size)
        if config.clipping.state_threshold is not None:
            clip_state_gradients(model, config.clipping.state_threshold)
        self.bptt = TruncatedBptt(
            model,
            bptt_steps=training.bptt_steps,
            update_every=training.targets_per_update,
            carry_state=training.carry_state,
            accumulation_steps=training.accumulation_steps,
            free_running_probability=training.free_running_probability,
            penalty=config.regularization.penalty,
            precision=resolve_precision(training.precision, model.device),
            world=self._world,
        )
        self.start_epoch(0)
        self.updates_per_epoch = self._count_updates()

    def start_epoch(self, epoch: int) -> None:
        """Go to the first token; lines and documents are shuffled again in every epoch."""
        self.reader = self._new_reader(epoch)
        self.bptt.start(self.reader)

    def backward(self) -> UpdateLoss | None:
        """Read the windows of one update and accumulate the gradient of the mean loss."""
        return self.bptt.backward(self.reader)

    def mark(self) -> _Mark:
        """Return the position in the text, with the states and windows in memory."""
        return _Mark(position=self.reader.position(), windows=self.bptt.mark())

    def rewind(self, mark: _Mark) -> None:
        """Go back to a position that `mark` returned."""
        self.reader.seek(mark.position)
        self.bptt.rewind(mark.windows)

    def state(self) -> tuple[dict[str, Tensor], Values]:
        """Return the position in the text, and the states and windows in memory."""
        tensors = {_POSITION: self.reader.position(), **self.bptt.state_tensors()}
        return tensors, {"bptt": self.bptt.state_values(), _IDS_SHA256: self._train.ids_sha256}

    def load_state(
        self, tensors: Mapping[str, Tensor], values: Values, *, epoch: int, source: str
    ) -> None:
        """Restore the state that `state` returned.

        Raises:
            MismatchError: The text is not that of the checkpoint.
        """
        self._require_same_text(values.get(_IDS_SHA256), source=source)
        reader, position = self._new_reader(epoch), tensors[_POSITION]
        if position.shape[1] != reader.batch_size:
            raise MismatchError(
                f"{source} reads {position.shape[1]} rows, this run {reader.batch_size}.",
                help="Resume with the text and the batch_size that the run was started with.",
            )
        reader.seek(position)
        self.reader = reader
        self.bptt.load_state(tensors, values["bptt"], rows=reader.rows)

    def validate(self) -> Validation | None:
        """Compute the perplexity on the validation text.

        For speed, the text is split into parallel lanes, unlike in `nextword evaluate`. Each
        process scores a part of them. A warning is logged if the state has diverged in some lanes.
        """
        if self._valid is None:
            return None
        nll = self._world.sum([self._validation_nll(self._valid)])[0] / self._valid.num_tokens
        return Validation(
            value=nll,
            figures={
                "nll_per_token": nll,
                "bits_per_token": nats_to_bits(nll),
                "perplexity": perplexity(nll, 1),
            },
            headline=self.headline,
        )

    def _validation_nll(self, valid: TokenStore) -> float:
        """Return the nll of the units that this process scores, summed, in nats."""
        rank, num_processes = self._world.rank, self._world.size
        batch_size = self._evaluation.batch_size
        starts = self._starts_of(valid, batch_size)
        num_units = len(starts) - 1
        if num_units < num_processes:
            start, end = (0, num_units) if self._world.is_first else (0, 0)
        else:
            start, end = row_part(num_units, rank=rank, num_processes=num_processes)
        if start == end:
            return 0.0
        starts = starts[start : end + 1]
        nll_sums = np.zeros(end - start)
        for window in score_units(self.model, valid.ids, unit_starts=starts, batch_size=batch_size):
            add_by_unit(nll_sums, window, unit_starts=starts)
        if self._config.reset == "never":
            num_tokens = np.diff(starts)
            self._warn_of_diverged_lanes(nll_sums / num_tokens, num_tokens=num_tokens)
        return float(nll_sums.sum())

    def _warn_of_diverged_lanes(
        self, means: Float64[np.ndarray, " lanes"], *, num_tokens: Int64[np.ndarray, " lanes"]
    ) -> None:
        """Warn if some lanes are far worse than a uniform guess and most are better."""
        uniform = math.log(self.model.vocab_size)
        diverged = (means > _LARGEST_LANE_LOSS * uniform) & (num_tokens >= _MIN_LANE_TOKENS)
        if diverged.any() and np.median(means) < uniform:
            _logger.warning(
                "the validation text is read in %d lanes, and the state of the model has diverged "
                "in %d of them: %.1f nats per token, a uniform guess has %.1f. Texts that "
                "start otherwise can have a far better perplexity, and this one a far worse one. A "
                "lower optimizer.learning_rate or regularization.activation_penalty helps.",
                len(means),
                int(diverged.sum()),
                float(means[diverged].max()),
                uniform,
            )

    def figures(self, mean_loss: float) -> Mapping[str, float]:
        """Return loss and perplexity per token."""
        return {"nll_per_token": mean_loss, "perplexity": perplexity(mean_loss, 1)}

    def _starts_of(self, store: TokenStore, batch_size: int) -> Int64[np.ndarray, " num_starts"]:
        """Return the positions at which reading starts from the initial state, (num_starts)."""
        if self._config.reset == "never":
            return lanes(store.num_tokens, batch_size)
        return store.unit_starts(self._config.reset, self._tokenizer.line_end_ids)

    def _require_same_text(self, ids_sha256: str | None, *, source: str) -> None:
        here = self._train.ids_sha256
        if ids_sha256 and here and ids_sha256 != here:
            raise MismatchError(
                f"{source} was trained on tokens with SHA-256 {ids_sha256[:12]}, the tokens here "
                f"have {here[:12]}: the text has changed and was encoded again.",
                help="Restore the old text and remove tokens/, or choose another --out.",
            )

    def _new_reader(self, epoch: int) -> UnitReader:
        order = None
        if self._config.reset != "never":
            order = shuffled_by_length(
                self._unit_starts,
                batch_size=self._config.batch_size,
                seed=self._config.seed,
                epoch=epoch,
            )
        return UnitReader(
            self._train.ids,
            self._unit_starts,
            batch_size=self._config.batch_size,
            boundary_id=self._tokenizer.boundary_id,
            order=order,
            rank=self._world.rank,
            num_processes=self._world.size,
        )

    def _count_updates(self) -> int:
        """Return the updates of the first epoch; shuffled lines can change it in other epochs."""
        window_steps = min(self._config.bptt_steps, self._config.targets_per_update)
        windows_per_update = self._config.targets_per_update // window_steps
        return -(-self.reader.count_windows(window_steps) // windows_per_update)
