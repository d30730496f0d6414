"""The gates and the state of one unit along a text. Knows no properties."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.base import DivergedError, require_range
from nextword.inspection.cells.states import require_states, trace_layers
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, inference


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitValues:
    """What one unit computed at the last tokens of a text.

    Attributes:
        layer: Number of its layer, from 1 for the lowest.
        unit: Its number within the layer, from 0.
        num_units: Number of units of the layer.
        values: Its gates, and its parts of the state, by name, (num_tokens) each. A part of another
            width than the widest part of the state, such as the output of a projected layer, does
            not belong to single units and is left out.
    """

    layer: int
    unit: int
    num_units: int
    values: Mapping[str, Float[np.ndarray, " num_tokens"]]


def units_per_layer(model: LanguageModel) -> tuple[int, ...]:
    """Return the number of units of each recurrent layer of a model, lowest first.

    Args:
        model: A model with recurrent layers.

    Raises:
        ConfigError: The model has no states.
    """
    neural = require_states(model)
    with inference(neural):
        boundary = torch.tensor([[neural.boundary_id]])
        layers, _ = trace_layers(neural, boundary, state=neural.initial_state(1))
    return tuple(_width(layer) for layer in layers)


def unit_values(
    model: LanguageModel,
    token_ids: Int64[np.ndarray, " num_tokens"],
    *,
    layer: int | None = None,
    unit: int | None = None,
    last: int | None = None,
) -> UnitValues:
    """Read a text as one sequence and return the gates and the state of one unit.

    The last tokens are read step by step with the equations of the cells, those before them with
    the backend of the model.

    Args:
        model: A model with recurrent layers.
        token_ids: The text, (num_tokens); the boundary is read before it.
        layer: Number of the layer, from 1 for the lowest; the highest when None.
        unit: Number of the unit, from 0. When None, the unit whose state varies most over these
            tokens.
        last: Number of tokens at the end of the text whose values are returned; all when None.

    Returns:
        The values after each of the last tokens.

    Raises:
        ConfigError: The model has no states, no such layer or no such unit.
        DivergedError: A value is not finite.
        VocabularyError: An id is outside the vocabulary.

    Example:
        >>> import numpy as np
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import VocabularySpec
        >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
        >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
        >>> found = unit_values(model, np.array([3, 5, 8]), unit=2, last=2)
        >>> found.num_units, sorted(found.values)[:2], found.values["cell_state"].shape
        (4, ['cell_candidate', 'cell_state'], (2,))
    """
    sizes = units_per_layer(model)
    neural = require_states(model)
    layer = len(sizes) if layer is None else layer
    require_range("layer", layer, low=1, high=len(sizes))
    num_units = sizes[layer - 1]
    if unit is not None:
        require_range("unit", unit, low=0, high=num_units - 1)
    if last is not None:
        require_range("last", last, low=1)
    start = 0 if last is None else max(0, len(token_ids) - last)
    parts = _parts(neural, token_ids, start=start, layer=layer)
    if not all(bool(part.isfinite().all()) for part in parts.values()):
        raise DivergedError(
            f"a unit of layer {layer} has a value that is not finite.",
            help="The weights of the model are not finite, or too large.",
        )
    if unit is None:
        unit = _most_varying(parts)
    values = {name: part[:, unit].float().cpu().numpy() for name, part in parts.items()}
    return UnitValues(layer=layer, unit=unit, num_units=num_units, values=values)


def _parts(
    model: NeuralLanguageModel,
    token_ids: Int64[np.ndarray, " num_tokens"],
    *,
    start: int,
    layer: int,
) -> dict[str, Tensor]:
    """Return gates and states of all units after each token from `start` on, (time, units)."""
    read, traced = token_ids[:start], token_ids[start:]
    ids = torch.from_numpy(np.concatenate([[model.boundary_id], read]))[None]
    # Without a token, the boundary is traced for the names of the parts.
    steps = torch.from_numpy(traced)[None] if len(traced) else ids[:, :1]
    with inference(model):
        state = model.advance(ids.to(model.device), model.initial_state(1))
        layers, _ = trace_layers(model, steps, state=state)
    found = layers[layer - 1]
    width = _width(found)
    named = {**found.gates, **found.states}
    return {
        name: part[0, : len(traced)] for name, part in named.items() if part.shape[2:] == (width,)
    }


def _width(layer: LayerTrace) -> int:
    """Return the number of units: the width of the widest part of the state."""
    return max(part.shape[2] for part in layer.states.values())


def _most_varying(parts: Mapping[str, Tensor]) -> int:
    # The hidden state of a projected layer has another width.
    states = parts["hidden_state"] if "hidden_state" in parts else list(parts.values())[-1]
    if len(states) == 0:
        return 0
    return int(states.double().var(dim=0, correction=0).argmax())
