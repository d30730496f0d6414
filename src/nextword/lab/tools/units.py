"""Searching the units of a recurrent model for one that follows a property of the text."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from nextword.models import NeuralLanguageModel, model_trace

#: Values of units at text positions, (positions, units).
Activations = Float[Tensor, "positions units"]

#: Steps that are traced at once.
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class UnitMatch:
    """The unit that follows a property best.

    Attributes:
        unit: Its index.
        auc: Area under the ROC curve on text that the unit was not chosen on; the sign of the unit
            is that of the text that it was chosen on.
    """

    unit: int
    auc: float


@torch.no_grad()
def cell_states(model: NeuralLanguageModel, lanes: Tensor) -> Float[Tensor, "lanes time units"]:
    """Return the states of the highest layer after each token: c[t] of an LSTM, else h[t].

    Args:
        model: A recurrent model.
        lanes: Ids to read, (lanes, time).
    """
    state, parts = model.initial_state(len(lanes)), []
    for start in range(0, lanes.shape[1], _CHUNK):
        trace = model_trace(model, lanes[:, start : start + _CHUNK], state=state)
        states = trace.layers[-1].states
        parts.append(states.get("cell_state", states["hidden_state"]).float())
        state = trace.state
    return torch.cat(parts, dim=1)


def unit_aucs(activations: Activations, labels: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of every unit, (units).

    Args:
        activations: Values of the units, (positions, units).
        labels: Whether each position has the property, (positions).
    """
    ranks = np.empty(activations.shape, dtype=np.float64)
    order = activations.numpy().argsort(axis=0)
    np.put_along_axis(ranks, order, np.arange(1, len(order) + 1)[:, None].astype(float), axis=0)
    positives = int(labels.sum())
    rank_sums: np.ndarray = ranks[labels].sum(axis=0)
    smallest = positives * (positives + 1) / 2
    return (rank_sums - smallest) / (positives * (len(labels) - positives))


def best_unit(
    activations: Activations,
    labels: np.ndarray,
    *,
    held_out: Float[Tensor, "held_out_positions units"],
    held_out_labels: np.ndarray,
) -> UnitMatch:
    """Choose the unit with the best score on one text, and score it on another one.

    Args:
        activations: Values of the units where they are chosen, (positions, units).
        labels: The property there, (positions).
        held_out: Values of the units where the chosen one is scored.
        held_out_labels: The property there.
    """
    aucs = unit_aucs(activations, labels)
    unit = int(np.abs(aucs - 0.5).argmax())
    score = float(unit_aucs(held_out[:, unit : unit + 1], held_out_labels)[0])
    return UnitMatch(unit=unit, auc=score if aucs[unit] >= 0.5 else 1 - score)
