"""How saturated the gates of recurrent layers are along a text."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from nextword.base import Values
from nextword.inspection.passage import Passage
from nextword.inspection.rows import read_layers, require_neural
from nextword.models import LanguageModel

#: Activations beyond these limits count as saturated, for gates in (0, 1).
GATE_LIMITS = (0.1, 0.9)
#: The same for candidates in (-1, 1).
CANDIDATE_LIMITS = (-0.9, 0.9)
NUM_BINS = 20
#: Candidates in (-1, 1). Other activations, such as pre-activations, have no bounds.
_CANDIDATES = frozenset({"cell_candidate", "new_gate"})
_DEFAULT_TOKENS = 2000


@dataclass(frozen=True, kw_only=True)
class GateSaturation:
    """Activations of one gate of one layer, over its units and the tokens of a text.

    Attributes:
        layer: Number of the layer, from 1.
        gate: Name of the gate.
        limits: Activations below the first and above the second are saturated.
        share_low: Share of activations below the first limit.
        share_high: Share of activations above the second limit.
        mean: Mean activation.
        histogram: Share of activations in each of `NUM_BINS` equal bins of the gate's range, which
            is (0, 1), or (-1, 1) for candidates.
    """

    layer: int
    gate: str
    limits: tuple[float, float]
    share_low: float
    share_high: float
    mean: float
    histogram: tuple[float, ...]

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)


def gate_saturation(
    model: LanguageModel, passage: Passage, *, num_tokens: int = _DEFAULT_TOKENS
) -> tuple[GateSaturation, ...]:
    """Measure how saturated each gate is, along the first tokens of a passage.

    Args:
        model: A neural model; it is read in evaluation mode.
        passage: The text.
        num_tokens: Largest number of tokens to read.

    Returns:
        One entry for each gate of each layer; empty for a model whose layers have no gates.

    Raises:
        ConfigError: The model is not neural.
    """
    neural = require_neural(model, what="gates")
    activations: dict[tuple[int, str], list[Tensor]] = {}
    for layers in read_layers(neural, passage, num_tokens=num_tokens):
        for number, layer in enumerate(layers, start=1):
            for name, values in _bounded(layer.gates).items():
                activations.setdefault((number, name), []).append(values.flatten().float().cpu())
    return tuple(
        _saturation(torch.cat(values), layer=layer, gate=gate)
        for (layer, gate), values in activations.items()
    )


def _bounded(gates: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: values
        for name, values in gates.items()
        if name.endswith("_gate") or name in _CANDIDATES
    }


def _saturation(values: Tensor, *, layer: int, gate: str) -> GateSaturation:
    is_candidate = gate in _CANDIDATES
    limits = CANDIDATE_LIMITS if is_candidate else GATE_LIMITS
    lowest = -1.0 if is_candidate else 0.0
    counts = torch.histc(values, bins=NUM_BINS, min=lowest, max=1.0)
    return GateSaturation(
        layer=layer,
        gate=gate,
        limits=limits,
        share_low=float((values < limits[0]).float().mean()),
        share_high=float((values > limits[1]).float().mean()),
        mean=float(values.mean()),
        histogram=tuple((counts / len(values)).tolist()),
    )
