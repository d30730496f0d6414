"""Convolution over a window: one filter for all its places, and pooling over neighbours."""

from functools import reduce
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import require
from nextword.cells import NONLINEARITIES, Nonlinearity
from nextword.tensors import Hidden
from nextword.windows.concatenated import ConcatenatedLayers
from nextword.windows.contract import Places, WindowLayers
from nextword.windows.unfold import side_by_side

Pooling = Literal["max", "mean"]


class ConvolutionalLayers(WindowLayers):
    """Convolutions, pooling, then one hidden layer over the pooled vectors side by side.

    One layer of convolution is c[t] = σ(F [v[t-w+1];...;v[t]] + b) with the same filters F at
    every place: unlike Bengio's W, F does not grow with the window. Of the places that are left,
    each `pool_size` neighbours become one by their maximum or mean, for each channel by itself;
    so the window forgets where among the neighbours a filter was found. What is left is read by
    Bengio's layer, h = σ(W [p1;...;pg] + b).

    A filter gives the same at a place whatever window is asked for, so convolution and pooling run
    over the sequence once, not over each window: the cost does not depend on the window's size.

    Args:
        input_size: Width of a vector.
        num_channels: Filters of each convolution.
        hidden_size: Width of the hidden layer.
        window: Vectors in a window.
        num_layers: Convolutions above each other.
        kernel_size: w, places that a filter sees.
        pooling: `max` or `mean`.
        pool_size: Neighbours that become one; all the places that are left when None.
        nonlinearity: σ of every layer.
        dropout_between: Applied to what one layer hands to the next.

    Raises:
        ConfigError: The convolutions reach beyond the window, or the places that are left do not
            divide into groups of `pool_size`.

    Source: lecture 000; Collobert et al. (2011) for convolution and pooling over words, Pham et
    al. (2016) for language models.

    Example:
        >>> layers = ConvolutionalLayers(3, 4, 5, window=6, kernel_size=3, pool_size=2)
        >>> layers(torch.zeros(1, 5 + 2, 3)).shape
        torch.Size([1, 2, 5])
    """

    def __init__(
        self,
        input_size: int,
        num_channels: int,
        hidden_size: int,
        *,
        window: int,
        num_layers: int = 1,
        kernel_size: int = 3,
        pooling: Pooling = "max",
        pool_size: int | None = None,
        nonlinearity: Nonlinearity = "tanh",
        dropout_between: nn.Module | None = None,
    ) -> None:
        super().__init__()
        num_groups, pool_size = pool_groups(
            window, num_layers=num_layers, kernel_size=kernel_size, pool_size=pool_size
        )
        self.window = window
        self.input_size = input_size
        self.output_size = hidden_size
        self.kernel_size = kernel_size
        self.pooling = pooling
        self.pool_size = pool_size
        self.nonlinearity = nonlinearity
        widths = [input_size] + [num_channels] * (num_layers - 1)
        self.filters = nn.ModuleList(
            nn.Linear(kernel_size * width, num_channels) for width in widths
        )
        self.dropout_between = nn.Identity() if dropout_between is None else dropout_between
        self.reading = ConcatenatedLayers(
            num_channels,
            hidden_size,
            window=num_groups,
            step=pool_size,
            nonlinearity=nonlinearity,
        )

    def extra_repr(self) -> str:
        """Say the settings that no weight's shape tells; part of a model's fingerprint."""
        return (
            f"window={self.window}, kernel_size={self.kernel_size}, pooling={self.pooling}, "
            f"pool_size={self.pool_size}, nonlinearity={self.nonlinearity}"
        )

    def forward(self, vectors: Places) -> Hidden:
        """Give h of every window, (batch, time, hidden)."""
        sigma = NONLINEARITIES[self.nonlinearity]
        for filters in self.filters:
            # A convolution is one product over neighbours side by side.
            vectors = sigma(filters(side_by_side(vectors, count=self.kernel_size)))
            vectors = self.dropout_between(vectors)
        hidden: Hidden = self.reading(
            pooled(vectors, pool_size=self.pool_size, pooling=self.pooling)
        )
        return hidden


def pool_groups(
    window: int, *, num_layers: int, kernel_size: int, pool_size: int | None
) -> tuple[int, int]:
    """Give how many groups of neighbours a window is pooled into, and how large each is.

    Raises:
        ConfigError: The convolutions reach beyond the window, or the places at which the last one
            stands wholly inside it do not divide into groups of `pool_size`.
    """
    reach = num_layers * (kernel_size - 1) + 1
    num_places = window - reach + 1
    require(
        num_places >= 1,
        f"model.window is {window}, but the convolutions (model.num_layers {num_layers}, "
        f"model.kernel_size {kernel_size}) reach over {reach}.",
        help=f"Set model.window={reach} or more, or a smaller model.kernel_size.",
    )
    pool_size = num_places if pool_size is None else pool_size
    require(
        num_places % pool_size == 0,
        f"model.pool_size is {pool_size}, but the convolutions leave {num_places} places of the "
        f"window of {window}, which do not divide so.",
        help="Choose a pool_size that divides them, or leave it out to pool over all.",
    )
    return num_places // pool_size, pool_size


def pooled(
    vectors: Float[Tensor, "batch places width"], *, pool_size: int, pooling: Pooling
) -> Float[Tensor, "batch kept width"]:
    """Give for each place the maximum or mean, channel by channel, over it and those before it.

    Args:
        vectors: A sequence of vectors.
        pool_size: How many neighbours become one; the first `pool_size` - 1 places give none.
        pooling: `max` or `mean`.

    Example:
        >>> pooled(torch.tensor([[[1.0], [3.0], [2.0]]]), pool_size=2, pooling="mean").tolist()
        [[[2.0], [2.5]]]
    """
    num_kept = vectors.shape[1] - pool_size + 1
    neighbours = [vectors[:, first : first + num_kept] for first in range(pool_size)]
    if pooling == "max":
        return reduce(torch.maximum, neighbours)
    return reduce(torch.add, neighbours) / pool_size
