"""The gradient of a loss with respect to earlier states, by lag, averaged over a passage."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from nextword.base import ConfigError, Values, require_range
from nextword.inspection.gradients.curves import LagCurve, lag_curve
from nextword.inspection.passage import Passage, require_length
from nextword.inspection.rows import (
    Rows,
    evenly_spaced,
    require_neural,
    rows_of,
    state_gradients,
    trace_losses,
)
from nextword.inspection.steps import with_gradients
from nextword.models import LanguageModel, NeuralLanguageModel

DEFAULT_LAGS = 30
DEFAULT_POSITIONS = 512
#: Part of a curve that has all parts of a state as one vector.
WHOLE_STATE = "state"
EMBEDDINGS = "embeddings"


@dataclass(frozen=True, kw_only=True)
class GradientFlow:
    """How far back the gradient of a loss reaches.

    Attributes:
        family: Family of the model.
        num_lags: The largest lag.
        num_positions: Number of positions averaged over.
        curves: Gradient norms by lag: of the input embeddings, and of each part of the state of
            each recurrent layer.
        notes: What the model does not have, in sentences.
    """

    family: str
    num_lags: int
    num_positions: int
    curves: tuple[LagCurve, ...]
    notes: tuple[str, ...] = field(default=())

    def curve(self, part: str, *, layer: int) -> LagCurve:
        """Return one curve.

        Args:
            part: Part of the state, or `embeddings`.
            layer: Number of the layer, from 1; 0 for the embeddings.

        Raises:
            ConfigError: There is no such layer or part; the help names those that exist.
        """
        for curve in self.curves:
            if (curve.layer, curve.part) == (layer, part):
                return curve
        known = ", ".join(f"{curve.part} of layer {curve.layer}" for curve in self.curves)
        raise ConfigError(f"layer {layer} has no part {part!r}.", help=f"Known: {known}.")

    @property
    def main_curves(self) -> tuple[LagCurve, ...]:
        """One curve per recurrent layer, of its whole state; that of the embeddings without any."""
        layers = {curve.layer for curve in self.curves if curve.layer}
        if not layers:
            return self.curves
        return tuple(
            next(curve for curve in reversed(self.curves) if curve.layer == layer)
            for layer in sorted(layers)
        )

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {
            "family": self.family,
            "num_lags": self.num_lags,
            "num_positions": self.num_positions,
            "curves": [curve.to_dict() for curve in self.curves],
            "notes": list(self.notes),
        }


def gradient_flow(
    model: LanguageModel,
    passage: Passage,
    *,
    num_lags: int = DEFAULT_LAGS,
    num_positions: int = DEFAULT_POSITIONS,
) -> GradientFlow:
    """Measure the norm of dL[t]/ds[t-k] for lags k = 0 to `num_lags`, over positions t.

    L[t] is the negative log-likelihood of the token after position t, and s[t-k] a part of the
    state of a layer k steps before. The model is measured in evaluation mode. Its layers are run
    step by step, so the gradients do not depend on the backend, and cuDNN, whose backward pass
    needs training mode, is not used.

    Args:
        model: A neural model.
        passage: The text.
        num_lags: The largest lag K.
        num_positions: Number of positions, evenly spaced, each with at least K tokens before it.

    Returns:
        Gradient norms by lag. The parts of a state are independent variables: the gradient with
        respect to the cell state of an LSTM does not include the way through the hidden state of
        the same step.

    Raises:
        ConfigError: The model is not neural, or the passage has no position with K tokens before.
    """
    neural = require_neural(model, what="gradients")
    require_length(passage, num_lags)
    require_range("positions", num_positions, low=1)
    positions = evenly_spaced(num_lags, len(passage), number=num_positions)
    norms: dict[tuple[int, str], list[Tensor]] = {}
    for rows in rows_of(neural, passage, num_steps=num_lags + 1, positions=positions):
        with with_gradients(neural):
            found = row_norms(neural, rows)
        for name, values in found.items():
            norms.setdefault(name, []).append(values)
    curves = tuple(
        lag_curve(torch.cat(batches), layer=layer, part=part)
        for (layer, part), batches in norms.items()
    )
    notes: tuple[str, ...] = ()
    if len(norms) == 1:
        notes = (
            f"A model of the family {neural.family} has no recurrent state: the gradient with "
            "respect to its input embeddings is shown instead, and no gates or Jacobians exist.",
        )
    return GradientFlow(
        family=neural.family,
        num_lags=num_lags,
        num_positions=len(positions),
        curves=curves,
        notes=notes,
    )


def row_norms(model: NeuralLanguageModel, rows: Rows) -> dict[tuple[int, str], Tensor]:
    """Return gradient norms of the last loss of every row, by lag.

    Args:
        model: The model.
        rows: Windows of a passage.

    Returns:
        Norms by layer and part, (rows, lags) each; the lag is the number of steps before the end
        of the row.
    """
    scored = torch.zeros_like(rows.target_ids, dtype=torch.bool)
    scored[:, -1] = True
    trace = trace_losses(
        model, rows.token_ids, target_ids=rows.target_ids, state=rows.state, scored=scored
    )
    of_embeddings, of_states = state_gradients(trace)
    norms = {(0, EMBEDDINGS): of_embeddings.norm(dim=2).flip(1)}
    for number, parts in enumerate(of_states, start=1):
        for name, gradient in parts.items():
            norms[number, name] = gradient.norm(dim=2).flip(1)
        if len(parts) > 1:
            norms[number, WHOLE_STATE] = torch.cat(list(parts.values()), dim=2).norm(dim=2).flip(1)
    return norms
