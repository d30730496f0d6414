"""What a model loses without a unit: the unit is set to its mean, and the loss is compared."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.cells import NO_NOISE, AnyCell, Cell, CellState, StepNoise
from nextword.inspection.cells.states import Unit, UnitStates
from nextword.models import NeuralLanguageModel, State, inference
from nextword.recurrent import recurrent_stacks

#: Steps at once, which bounds the memory.
_CHUNK_LENGTH = 128


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """How much the loss rises when one unit is set to its mean, against random units.

    Attributes:
        effect: Rise of the mean loss where the property holds, in nats per token.
        effect_elsewhere: The same over all other tokens.
        random_effects: Rise where the property holds for each of the random units, in nats.
        num_tokens: Number of tokens where the property holds.
    """

    effect: float
    effect_elsewhere: float
    random_effects: tuple[float, ...]
    num_tokens: int

    @property
    def num_smaller(self) -> int:
        """Number of random units with a smaller effect."""
        return sum(each < self.effect for each in self.random_effects)

    def expected_largest(self, num_units: int) -> float:
        """Return the expected largest effect of several of the random units, in nats per token.

        If the effect is the largest one of several units, this is what it has to exceed.

        Args:
            num_units: Number of units that are drawn without replacement.

        Raises:
            ConfigError: There are fewer random units.
        """
        effects = sorted(self.random_effects)
        if not 1 <= num_units <= len(effects):
            raise ConfigError(
                f"num_units is {num_units}; it must be from 1 to {len(effects)}, the number of "
                "random units."
            )
        # All but the largest one of a draw are among the smaller ones.
        ways = [math.comb(smaller, num_units - 1) for smaller in range(len(effects))]
        total = math.comb(len(effects), num_units)
        return sum(each * way for each, way in zip(effects, ways, strict=True)) / total


def ablated_nll(
    model: NeuralLanguageModel,
    states: UnitStates,
    *,
    token_ids: Int64[np.ndarray, " num_tokens"],
    units: Sequence[Unit],
    max_tokens: int,
) -> Float[np.ndarray, "rows scored"]:
    """Return the loss in the second half of a text without and with each unit set to its mean.

    All parts of the state with this index are set, so that an LSTM's unit loses its hidden and its
    cell state. The means are those of the first half.

    Args:
        model: The model.
        states: Its states along the text.
        token_ids: The text, (num_tokens).
        units: The units to set, one at a time.
        max_tokens: Number of tokens of the second half that are read.

    Returns:
        Negative log-likelihoods, (1 + units, scored), in nats. The first row is that of the
        unchanged model. The columns are the tokens that follow those of the second half, without
        its first token.
    """
    ablated = copy.deepcopy(model)
    means = states.values[: len(token_ids) // 2].mean(axis=0)
    for stack in recurrent_stacks(ablated):
        clamped = [
            _ClampedCell(cell, _clamps(cell, number, states, units=units, means=means))
            for number, cell in enumerate(stack.layers, start=1)
        ]
        stack.cells = nn.ModuleList(clamped)
        stack.use_backend("reference")
    read = token_ids[len(token_ids) // 2 :][: max_tokens + 1]
    with inference(ablated):
        state = states.middle.select(torch.zeros(1 + len(units), dtype=torch.int64))
        return _nll(ablated, torch.from_numpy(read).to(model.device), state)


def ablation_of(
    nll: Float[np.ndarray, "rows scored"],
    matters: Bool[np.ndarray, " scored"],
    *,
    row: int,
    random_rows: Sequence[int],
) -> Ablation:
    """Return the effect of one unit where a property holds.

    Args:
        nll: The result of `ablated_nll`, (rows, scored).
        matters: Where the property holds, (scored).
        row: Row of the unit.
        random_rows: Rows of the random units.
    """
    rise = nll - nll[0]
    return Ablation(
        effect=float(rise[row, matters].mean()),
        effect_elsewhere=float(rise[row, ~matters].mean()) if (~matters).any() else 0.0,
        random_effects=tuple(float(rise[each, matters].mean()) for each in random_rows),
        num_tokens=int(matters.sum()),
    )


class _ClampedCell(Cell[Any]):
    """A cell that sets some numbers of its state after every step, differently in each row."""

    def __init__(self, cell: AnyCell, clamps: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        super().__init__(cell.input_size, cell.hidden_size)
        self.cell = cell
        self.state_type = cell.state_type  # type: ignore[misc]  # other cells have one for all
        self._clamps = clamps

    @property
    def state_names(self) -> tuple[str, ...]:
        return self.cell.state_names

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return self.cell.state_sizes

    @property
    def output_size(self) -> int:
        return self.cell.output_size

    def initial_state(self, batch_size: int) -> CellState:
        state: CellState = self.cell.initial_state(batch_size)
        return state

    def step(
        self, inputs: Tensor, state: CellState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[Tensor, CellState]:
        _, after = self.cell.step(inputs, state, noise=noise)
        parts = []
        for name, part in zip(self.state_names, after, strict=True):
            is_set, means = self._clamps[name]
            parts.append(torch.where(is_set, means, part))
        state = type(after)(*parts)
        return self.outputs(state[0]), state

    def outputs(self, hidden_states: Tensor) -> Tensor:
        return self.cell.outputs(hidden_states)


def _clamps(
    cell: AnyCell,
    layer: int,
    states: UnitStates,
    *,
    units: Sequence[Unit],
    means: Float[np.ndarray, " num_units"],
) -> dict[str, tuple[Tensor, Tensor]]:
    """Return, for each part of a layer's state, what is set in which row, and to what."""
    sizes = dict(zip(cell.state_names, cell.state_sizes, strict=True))
    like = next(cell.parameters())
    clamps = {}
    for name, size in sizes.items():
        places = [
            number
            for number, unit in enumerate(states.units)
            if unit.layer == layer and unit.part == name
        ]
        is_set = torch.zeros(1 + len(units), size, dtype=torch.bool, device=like.device)
        for row, unit in enumerate(units, start=1):
            if unit.layer == layer and sizes[unit.part] == size:
                is_set[row, unit.index] = True
        clamps[name] = (is_set, torch.from_numpy(means[places]).to(like))
    return clamps


def _nll(model: NeuralLanguageModel, token_ids: Int64[Tensor, " time"], state: State) -> np.ndarray:
    rows = state.batch_size
    parts = []
    inputs, targets = token_ids[:-1], token_ids[1:]
    for start in range(0, len(inputs), _CHUNK_LENGTH):
        chunk = slice(start, start + _CHUNK_LENGTH)
        nll, state = model.nll(
            inputs[chunk].expand(rows, -1), targets[chunk].expand(rows, -1), state
        )
        parts.append(nll.double().cpu().numpy())
    return np.concatenate(parts, axis=1)
