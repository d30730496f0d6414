"""The contract of the layers of a window model."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from nextword.layers import LayerTrace
from nextword.tensors import Hidden

#: Vectors of a sequence, preceded by those of the window - 1 positions before it.
Places = Float[Tensor, "batch places input"]


class WindowLayers(nn.Module, ABC):
    """Layers that map each window of `window` vectors to one vector.

    Attributes:
        window: Number of vectors in a window.
        input_size: Size of each of them.
        output_size: Size of the result.
    """

    window: int
    input_size: int
    output_size: int

    @abstractmethod
    def forward(self, vectors: Places, *, layer_traces: list[LayerTrace] | None = None) -> Hidden:
        """Compute the vectors of all windows of a sequence.

        Args:
            vectors: The sequence, preceded by the window - 1 vectors before it,
                (batch, window - 1 + time, input_size).
            layer_traces: Gets the trace of each layer, lowest first, when it is a list.

        Returns:
            The vector of the window that ends at each step, (batch, time, output_size).
        """
