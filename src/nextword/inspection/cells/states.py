"""The states of every unit of a recurrent model along a text. Knows no properties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64

from nextword.base import ConfigError
from nextword.layers import LayerTrace
from nextword.models import LanguageModel, NeuralLanguageModel, State, inference
from nextword.tensors import TokenIds

#: Steps that are traced at once, which bounds the memory.
_CHUNK_LENGTH = 128
#: Parts of a half of the text that are traced at once, and the shortest useful part.
_NUM_PARTS, _MIN_PART_LENGTH = 16, 64


@dataclass(frozen=True, kw_only=True, order=True)
class Unit:
    """One number in the state of a model.

    Attributes:
        layer: Number of the layer, from 1 for the lowest.
        part: Part of the state, such as `hidden_state` or `cell_state`.
        index: Number within the part, from 0.

    Example:
        >>> str(Unit(layer=2, part="cell_state", index=7))
        'layer 2, cell_state 7'
    """

    layer: int
    part: str
    index: int

    def __str__(self) -> str:
        return f"layer {self.layer}, {self.part} {self.index}"


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitStates:
    """The value of every unit after every token of a text.

    Attributes:
        units: The units, layer by layer.
        values: Their values, (num_tokens, num_units).
        middle: The state of the model before token `num_tokens // 2`.
    """

    units: Sequence[Unit]
    values: Float[np.ndarray, "num_tokens num_units"]
    middle: State

    def of(self, unit: Unit) -> Float[np.ndarray, " num_tokens"]:
        """Return the values of one unit, (num_tokens).

        Raises:
            ConfigError: The model has no such unit.
        """
        if unit not in self.units:
            raise ConfigError(
                f"the model has no unit {unit}.",
                help=f"Its units go from {self.units[0]} to {self.units[-1]}.",
            )
        return self.values[:, list(self.units).index(unit)]


def unit_states(model: LanguageModel, token_ids: Int64[np.ndarray, " num_tokens"]) -> UnitStates:
    """Read a text as one sequence and return the state of every unit after every token.

    The layers run step by step with the equations of their cells.

    Args:
        model: A model with recurrent layers.
        token_ids: The text, (num_tokens); the boundary is read before it.

    Returns:
        The states.

    Raises:
        ConfigError: The model has no states.
        VocabularyError: An id is outside the vocabulary.
    """
    neural = require_states(model)
    with inference(neural):
        state = neural.advance(
            torch.tensor([[neural.boundary_id]], device=neural.device), neural.initial_state(1)
        )
        middle = len(token_ids) // 2
        first, middle_state = _read(neural, token_ids[:middle], state)
        second, _ = _read(neural, token_ids[middle:], middle_state)
    return UnitStates(
        units=_units(neural), values=np.concatenate([first, second]), middle=middle_state
    )


def require_states(model: LanguageModel) -> NeuralLanguageModel:
    """Return the model if its layers have states.

    Args:
        model: A model.

    Raises:
        ConfigError: The model is estimated from counts, or its layers have no states.
    """
    if not isinstance(model, NeuralLanguageModel):
        reason = (
            "reads its probabilities from counts"
            if model.family == "ngram"
            else "does not show the states of its layers"
        )
        raise ConfigError(
            f"a model of the family {model.family!r} has no units: it {reason}.",
            help="Inspect a recurrent model, such as one of the recipe char-lstm.",
        )
    if not _units(model):
        raise ConfigError(
            f"a model of the family {model.family!r} has no states: its layers read a window of "
            "tokens.",
            help="Inspect a recurrent model, such as one of the recipe char-lstm.",
        )
    return model


def _units(model: NeuralLanguageModel) -> tuple[Unit, ...]:
    with inference(model):
        layers = trace_layers(
            model, torch.tensor([[model.boundary_id]]), state=model.initial_state(1)
        )[0]
    return tuple(
        Unit(layer=number, part=part, index=index)
        for number, layer in enumerate(layers, start=1)
        for part, values in layer.states.items()
        for index in range(values.shape[2])
    )


def _read(
    model: NeuralLanguageModel, token_ids: Int64[np.ndarray, " num_tokens"], state: State
) -> tuple[np.ndarray, State]:
    """Return the states of all units after each token, and the last state of the model.

    The model first reads the text with its fast backend and keeps its state at the start of each
    of several parts. Then all parts are traced together, as rows of one batch.
    """
    num_tokens = len(token_ids)
    if num_tokens == 0:
        return np.zeros((0, len(_units(model))), dtype=np.float32), state
    length = max(_MIN_PART_LENGTH, -(-num_tokens // _NUM_PARTS))
    parts = [token_ids[start : start + length] for start in range(0, num_tokens, length)]
    starts = []
    for part in parts:
        starts.append(state)
        state = model.advance(torch.from_numpy(part[None]).to(model.device), state)
    rows = np.zeros((len(parts), length), dtype=np.int64)
    for row, part in zip(rows, parts, strict=True):
        row[: len(part)] = part
    values = _read_rows(model, rows, starts[0].concatenate(starts[1:]))
    return values.reshape(len(parts) * length, -1)[:num_tokens], state


def _read_rows(
    model: NeuralLanguageModel, rows: Int64[np.ndarray, "rows time"], state: State
) -> np.ndarray:
    """Return the states of all units, (rows, time, units)."""
    chunks = []
    for start in range(0, rows.shape[1], _CHUNK_LENGTH):
        ids = torch.from_numpy(rows[:, start : start + _CHUNK_LENGTH])
        layers, state = trace_layers(model, ids, state=state)
        states = [part for layer in layers for part in layer.states.values()]
        chunks.append(torch.cat(states, dim=2).float().cpu().numpy())
    return np.concatenate(chunks, axis=1)


def trace_layers(
    model: NeuralLanguageModel, token_ids: TokenIds, *, state: State
) -> tuple[list[LayerTrace], State]:
    """Read tokens step by step.

    Args:
        model: The model.
        token_ids: The ids, (batch, time).
        state: The state before them.

    Returns:
        What each layer computed, lowest first, and the state after the tokens.

    Raises:
        VocabularyError: An id is outside the vocabulary.
    """
    layers: list[LayerTrace] = []
    token_ids = token_ids.to(model.device)
    model.check_inputs(token_ids, state)
    _, state = model.hidden_from_embeddings(
        model.embed(token_ids), state, token_ids=token_ids, layer_traces=layers
    )
    return layers, state
