"""What chance decides for one layer and one window, and which kinds of it a backend can run."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nextword.cells import NO_NOISE, CellState, StepNoise

#: Kinds of noise: a mask on what the recurrent product reads, dropped connections, zoneout.
NoiseKind = Literal["recurrent_dropout", "weight_dropout", "zoneout"]
EVERY_KIND: frozenset[NoiseKind] = frozenset({"recurrent_dropout", "weight_dropout", "zoneout"})


@dataclass(frozen=True, kw_only=True)
class LayerNoise:
    """The noise of one layer and one window.

    Attributes:
        step: What disturbs the recurrent product.
        held: For each part of the state what share of it stays as it was, in [0, 1],
            (time, batch or 1, width or 1); empty without zoneout.
    """

    step: StepNoise = NO_NOISE
    held: tuple[Tensor, ...] = ()

    def mixed(self, time: int, new: CellState, old: CellState) -> CellState:
        """Give the state after a step, of which some parts have stayed as they were."""
        if not self.held:
            return new
        parts = zip(new, old, self.held, strict=True)
        return type(new)(*(torch.lerp(n, o, share[time].to(n.dtype)) for n, o, share in parts))


#: A layer that is run as it is.
NO_LAYER_NOISE = LayerNoise()
