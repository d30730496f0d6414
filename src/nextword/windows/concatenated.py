"""Bengio's layers: the vectors of a window side by side, and hidden layers over them."""

from torch import nn

from nextword.base import require_range
from nextword.cells import NONLINEARITIES, Nonlinearity
from nextword.tensors import Hidden
from nextword.windows.contract import Places, WindowLayers
from nextword.windows.unfold import side_by_side


class ConcatenatedLayers(WindowLayers):
    """u = [e1;...;ek], h = σ(W u + b), and more such layers above it where asked for.

    W is hidden x (k · input): each place of the window meets a block of columns of its own, and
    the places share nothing. It grows with the window.

    Args:
        input_size: Width of a vector e.
        hidden_size: Width of every hidden layer.
        window: k, vectors in a window.
        num_layers: Hidden layers.
        nonlinearity: σ: tanh or sigmoid as in the lectures, or relu.
        step: How far apart the vectors of a window stand in the sequence.
        dropout_between: Applied to what one layer hands to the next.

    Raises:
        ConfigError: A size is below 1.

    Source: Bengio et al. (2003), "A neural probabilistic language model", equation 1; lectures
    000, 001 and 004.

    Example:
        >>> import torch
        >>> layers = ConcatenatedLayers(3, 4, window=2)
        >>> layers.first.weight.shape, layers(torch.zeros(1, 6, 3)).shape
        (torch.Size([4, 6]), torch.Size([1, 5, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        window: int,
        num_layers: int = 1,
        nonlinearity: Nonlinearity = "tanh",
        step: int = 1,
        dropout_between: nn.Module | None = None,
    ) -> None:
        super().__init__()
        require_range("window", window, low=1)
        require_range("num_layers", num_layers, low=1)
        require_range("hidden_size", hidden_size, low=1)
        self.window = window
        self.input_size = input_size
        self.output_size = hidden_size
        self.nonlinearity = nonlinearity
        self.step = step
        self.first = nn.Linear(window * input_size, hidden_size)
        self.above = nn.ModuleList(
            nn.Linear(hidden_size, hidden_size) for _ in range(num_layers - 1)
        )
        self.dropout_between = nn.Identity() if dropout_between is None else dropout_between

    def extra_repr(self) -> str:
        """Say the settings that no weight's shape tells; part of a model's fingerprint."""
        return f"window={self.window}, step={self.step}, nonlinearity={self.nonlinearity}"

    def forward(self, vectors: Places) -> Hidden:
        """Give h of every window, (batch, time, hidden)."""
        sigma = NONLINEARITIES[self.nonlinearity]
        hidden: Hidden = sigma(self.first(side_by_side(vectors, count=self.window, step=self.step)))
        for layer in self.above:
            hidden = sigma(layer(self.dropout_between(hidden)))
        return hidden
