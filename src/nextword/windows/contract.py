"""What every network over a fixed window offers."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from nextword.tensors import Hidden

#: A sequence and the vectors that its first windows reach back to.
Places = Float[Tensor, "batch places input"]


class WindowLayers(nn.Module, ABC):
    """Gives one vector for each window of `window` vectors.

    Attributes:
        window: Vectors in a window.
        input_size: Width of each of them.
        output_size: Width of what is given out.
    """

    window: int
    input_size: int
    output_size: int

    @abstractmethod
    def forward(self, vectors: Places) -> Hidden:
        """Read every window of a sequence at once.

        Args:
            vectors: The sequence behind the window - 1 vectors that stand before it,
                (batch, window - 1 + time, input).

        Returns:
            What each window comes to, the one that ends at a step at that step's place,
            (batch, time, output).
        """
