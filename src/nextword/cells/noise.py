"""Dropout of a cell's recurrent product, with the same masks at every step of a window."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class StepNoise:
    """Two kinds of dropout of W h⁻, drawn once per window; None where one is off.

    Attributes:
        mask: Multiplied with h⁻ before the product, (batch, hidden). Other uses of h⁻ in a cell,
            such as z∘h⁻ in the GRU, are not masked.
        weight_hh: Used in place of W: W with dropped connections.

    Source: the mask is the "variational" dropout of [gal2016]; dropped connections (DropConnect)
    from [wan2013] and, on W alone, [merity2018].
    """

    mask: Tensor | None = None
    weight_hh: Tensor | None = None

    def seen(self, hidden_state: Tensor) -> Tensor:
        """Return what the recurrent product multiplies in place of h⁻, (batch, hidden)."""
        return hidden_state if self.mask is None else hidden_state * self.mask

    def matrix(self, weight_hh: Tensor) -> Tensor:
        """Return the recurrent matrix that is used in place of W."""
        return weight_hh if self.weight_hh is None else self.weight_hh


#: No dropout.
NO_NOISE = StepNoise()
