"""Dynamic evaluation: a model whose weights follow the text that it scores.

Knows models and token ids. Works on a copy: the model that it gets does not change.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from nextword.base import (
    DivergedError,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Probability,
    settings,
)
from nextword.batches import Batch, UnitReader
from nextword.evaluation.scoring import ScoredWindow, scored_window
from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Nll


@settings("dynamic")
@dataclass(frozen=True, kw_only=True)
class DynamicConfig:
    """Settings of dynamic evaluation.

    Attributes:
        rule: `rms` divides each gradient by the root of its mean square so far; `sgd` does not.
        learning_rate: Factor of the update.
        decay: Share of the distance to the original weights by which each update goes back; with
            `rms`, multiplied by the relative root mean square of the weight's gradients.
        segment_length: Number of tokens that are scored before each update.
        epsilon: Added to the root of the mean square, so that weights that hardly ever have a
            gradient do not move far. `rms` only.
    """

    rule: Literal["sgd", "rms"] = "sgd"
    learning_rate: PositiveFloat = 0.3
    decay: Probability = 1e-2
    segment_length: PositiveInt = 20
    epsilon: NonNegativeFloat = 1e-3


class DynamicScorer:
    """Scores a text with a copy of a model, and updates the copy after each segment.

    The text is one row. Each segment is scored with the weights that the segments before it left,
    then the mean negative log-likelihood of the segment is minimized by one step:

        g = gradient,  r = sqrt(mean of g^2 so far)
        rms:  w <- w - learning_rate g / (r + epsilon) + min(decay r / mean(r), 1) (w0 - w)
        sgd:  w <- w - learning_rate g + decay (w0 - w)

    Gradients do not flow from one segment into the one before.

    Args:
        model: The model, which is copied.
        config: The settings.

    Source: [krause2018], equations 2, 5 and 8; departs from it by taking the mean of the squared
        gradients over the segments scored so far, not over the training text.
    """

    def __init__(self, model: NeuralLanguageModel, *, config: DynamicConfig) -> None:
        self.config = config
        self.model = copy.deepcopy(model).eval()
        self._weights = [each for each in self.model.parameters() if each.requires_grad]
        self._original = [each.detach().clone() for each in self._weights]
        self._square_sums = [torch.zeros_like(each) for each in self._original]
        self._num_updates = 0

    def score(
        self,
        token_ids: Integer[np.ndarray, " tokens"],
        *,
        unit_starts: Int64[np.ndarray, " units_plus_one"],
    ) -> Iterator[ScoredWindow]:
        """Iterate over the scores of a text, segment by segment.

        The state is reset where a unit starts; the weights are not.

        Args:
            token_ids: The token stream, (tokens).
            unit_starts: Position of each unit's first token, and the end of the last, (units + 1).

        Raises:
            DivergedError: The model returns NaN, before an update or because of the updates.
        """
        reader = UnitReader(
            token_ids, unit_starts, batch_size=1, boundary_id=self.model.boundary_id
        )
        state = self.model.initial_state(1)
        for batch in reader.windows(self.config.segment_length):
            placed = batch.to(self.model.device)
            num_updates = self._num_updates
            nll, state = self.score_segment(placed, state.reset(placed.begins))
            try:
                window = scored_window(nll, batch)
            except DivergedError as error:
                if num_updates == 0:
                    raise
                raise _diverged(self.config, num_updates) from error
            yield window

    def score_segment(self, segment: Batch, state: State) -> tuple[Nll, State]:
        """Score one segment, then update the weights with it.

        Args:
            segment: The segment, one row.
            state: The state before it.

        Returns:
            Negative log-likelihoods, (1, time), in nats, under the weights before the update; and
            the state after the segment, without gradients.
        """
        nll, after = self.forward(segment, state)
        self.update(nll, num_targets=segment.num_targets)
        return nll.detach(), after

    def forward(self, segment: Batch, state: State) -> tuple[Nll, State]:
        """Return the scores of a segment with their graph, and the detached state after it."""
        with torch.enable_grad(), torch.autocast(self.model.device.type, enabled=False):
            nll, after = self.model.nll(
                segment.token_ids, segment.target_ids, state, segment.lengths
            )
        return nll, after.detach()

    def update(self, nll: Nll, *, num_targets: int) -> None:
        """Change the weights by one step that makes a segment more probable.

        Args:
            nll: Negative log-likelihoods of the segment, (1, time), with their graph.
            num_targets: Number of valid targets of the segment.
        """
        loss = nll.sum() / max(1, num_targets)
        found = torch.autograd.grad(loss, self._weights, allow_unused=True)
        gradients = [
            torch.zeros_like(weight) if each is None else _dense(each)
            for each, weight in zip(found, self._weights, strict=True)
        ]
        self._num_updates += 1
        with torch.no_grad():
            if self.config.rule == "rms":
                self._rms_step(gradients)
            else:
                self._sgd_step(gradients)

    def _sgd_step(self, gradients: list[Tensor]) -> None:
        for weight, original, gradient in zip(
            self._weights, self._original, gradients, strict=True
        ):
            back = original - weight
            weight.sub_(gradient, alpha=self.config.learning_rate)
            weight.add_(back, alpha=self.config.decay)

    def _rms_step(self, gradients: list[Tensor]) -> None:
        roots = []
        for total, gradient in zip(self._square_sums, gradients, strict=True):
            total.addcmul_(gradient, gradient)
            roots.append((total / self._num_updates).sqrt_())
        mean_root = _mean(roots)
        for weight, original, gradient, root in zip(
            self._weights, self._original, gradients, roots, strict=True
        ):
            back = original - weight
            if mean_root > 0.0:
                back.mul_((root * (self.config.decay / mean_root)).clamp_(max=1.0))
            weight.addcdiv_(
                gradient, root.add_(self.config.epsilon), value=-self.config.learning_rate
            )
            weight.add_(back)


def _diverged(config: DynamicConfig, num_updates: int) -> DivergedError:
    """Return the error for weights that are not finite after updates."""
    return DivergedError(
        f"dynamic evaluation diverged with dynamic.learning_rate={config.learning_rate:g} "
        f"(dynamic.rule={config.rule}): the model returns NaN after {num_updates:,} updates.",
        help="Lower the rate, for example --set "
        f"dynamic.learning_rate={config.learning_rate / 10:g}, or choose it with --tune TEXT.",
    )


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient


def _mean(tensors: list[Tensor]) -> float:
    """Return the mean of all entries of tensors."""
    total = sum(float(each.sum(dtype=torch.float64)) for each in tensors)
    return total / max(1, sum(each.numel() for each in tensors))


#: Scores a text that consists of one unit: (tokens) to negative log-likelihoods, (tokens).
TextScorer = Callable[[Integer[np.ndarray, " tokens"]], Float[np.ndarray, " tokens"]]


def text_scorer(make: Callable[[], DynamicScorer]) -> TextScorer:
    """Return a function that scores one text by a new scorer.

    Args:
        make: Returns a new scorer, whose weights are the original ones.
    """

    def score(token_ids: Integer[np.ndarray, " tokens"]) -> Float[np.ndarray, " tokens"]:
        starts = np.array([0, len(token_ids)], dtype=np.int64)
        windows = make().score(token_ids, unit_starts=starts)
        return np.concatenate([window.nll[0] for window in windows])

    return score
