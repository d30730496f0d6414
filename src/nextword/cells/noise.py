"""What chance does to the recurrent product of a cell, the same at every step of a window."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class StepNoise:
    """Two ways to disturb W h⁻, drawn once a window; each None where it does not act.

    Attributes:
        mask: What h⁻ is multiplied with before the product, (batch, hidden). Where a cell uses h⁻
            in another place as well, as the GRU's update gate does, it stays whole there.
        weight_hh: The matrix that stands for W, with connections dropped.

    Source: the mask from Gal & Ghahramani (2016), "variational" dropout; dropped connections from
    Wan et al. (2013) and, on W alone, Merity et al. (2018).
    """

    mask: Tensor | None = None
    weight_hh: Tensor | None = None

    def seen(self, hidden_state: Tensor) -> Tensor:
        """Give what the recurrent product reads in place of h⁻."""
        return hidden_state if self.mask is None else hidden_state * self.mask

    def matrix(self, weight_hh: Tensor) -> Tensor:
        """Give the recurrent matrix that is used in place of W."""
        return weight_hh if self.weight_hh is None else self.weight_hh


#: Nothing is disturbed.
NO_NOISE = StepNoise()
