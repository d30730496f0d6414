"""The convolutional window model: filters shared by all positions of a window, and pooling."""

from dataclasses import dataclass
from functools import reduce
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import PositiveInt, require, settings
from nextword.cells import NONLINEARITIES, Nonlinearity
from nextword.families.contract import NetworkSpec, NeuralModelConfig, NumLayers
from nextword.families.network import build_token_layers, input_size, require_no_recurrence
from nextword.families.window.contract import Places, WindowLayers
from nextword.families.window.feedforward import ConcatenatedLayers
from nextword.families.window.model import WindowLanguageModel
from nextword.families.window.unfold import side_by_side
from nextword.layers import LayerTrace
from nextword.tensors import Hidden

Pooling = Literal["max", "mean"]


class ConvolutionalLayers(WindowLayers):
    """Convolutions, pooling, then one hidden layer over the concatenated pooled vectors.

    A convolutional layer is c[t] = σ(F [v[t-w+1];...;v[t]] + b), with the same filters F at every
    position: unlike Bengio's W, F does not grow with the window. Then each group of `pool_size`
    neighbouring positions is reduced to its maximum or mean, channel by channel, and Bengio's
    layer reads the pooled vectors: h = σ(W [p1;...;pg] + b).

    The value of a filter at a position is the same in every window, so convolution and pooling run
    once over the sequence, and their cost does not depend on the size of the window.

    Args:
        input_size: Size of a vector.
        num_channels: Number of filters of each convolutional layer.
        hidden_size: Size of the hidden layer.
        window: Number of vectors in a window.
        num_layers: Number of convolutional layers.
        kernel_size: w, the number of positions that a filter covers.
        pooling: `max` or `mean`.
        pool_size: Number of neighbouring positions pooled into one; all of them when None.
        nonlinearity: σ of every layer.
        dropout_between: Applied between layers.

    Raises:
        ConfigError: The convolutions cover more than the window, or the remaining positions cannot
            be divided into groups of `pool_size`.

    Source: [lecture-000]; convolution and pooling over words from [collobert2011], for language
    models from [pham2016].

    Example:
        >>> layers = ConvolutionalLayers(
        ...     3, num_channels=4, hidden_size=5, window=6, kernel_size=3, pool_size=2
        ... )
        >>> layers(torch.zeros(1, 5 + 2, 3)).shape
        torch.Size([1, 2, 5])
    """

    def __init__(
        self,
        input_size: int,
        *,
        num_channels: int,
        hidden_size: int,
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
        """Return the settings that the weights' shapes do not show."""
        return (
            f"window={self.window}, kernel_size={self.kernel_size}, pooling={self.pooling}, "
            f"pool_size={self.pool_size}, nonlinearity={self.nonlinearity}"
        )

    def forward(self, vectors: Places, *, layer_traces: list[LayerTrace] | None = None) -> Hidden:
        """Return h of every window, (batch, time, hidden_size)."""
        sigma = NONLINEARITIES[self.nonlinearity]
        for filters in self.filters:
            # A convolution is one product over concatenated neighbours.
            read = side_by_side(vectors, count=self.kernel_size)
            outputs = sigma(filters(read))
            if layer_traces is not None:
                layer_traces.append(LayerTrace(inputs=read, outputs=outputs))
            vectors = self.dropout_between(outputs)
        hidden: Hidden = self.reading(
            pooled(vectors, pool_size=self.pool_size, pooling=self.pooling),
            layer_traces=layer_traces,
        )
        return hidden


def pool_groups(
    window: int, *, num_layers: int, kernel_size: int, pool_size: int | None
) -> tuple[int, int]:
    """Return the number of groups that a window is pooled into, and the size of each.

    Args:
        window: Number of vectors in a window.
        num_layers: Number of convolutional layers.
        kernel_size: Number of positions that a filter covers.
        pool_size: Number of positions pooled into one; all when None.

    Raises:
        ConfigError: The convolutions cover more than the window, or the remaining positions cannot
            be divided into groups of `pool_size`.
    """
    reach = num_layers * (kernel_size - 1) + 1
    num_places = window - reach + 1
    require(
        num_places >= 1,
        f"model.window is {window}, but the convolutions (model.num_layers {num_layers}, "
        f"model.kernel_size {kernel_size}) cover {reach} positions.",
        help=f"Set model.window={reach} or more, or a smaller model.kernel_size.",
    )
    pool_size = num_places if pool_size is None else pool_size
    require(
        num_places % pool_size == 0,
        f"model.pool_size is {pool_size}, which does not divide the {num_places} positions that "
        f"the convolutions leave of the window of {window}.",
        help="Choose a pool_size that divides them, or leave it out to pool over all of them.",
    )
    return num_places // pool_size, pool_size


def pooled(
    vectors: Float[Tensor, "batch places width"], *, pool_size: int, pooling: Pooling
) -> Float[Tensor, "batch kept width"]:
    """Return the running maximum or mean over `pool_size` neighbouring vectors, by channel.

    Args:
        vectors: A sequence of vectors, (batch, places, width).
        pool_size: Number of neighbours; the result is `pool_size` - 1 positions shorter.
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


@settings("model")
@dataclass(frozen=True, kw_only=True)
class ConvolutionalConfig(NeuralModelConfig):
    """`model.*` of the family `convolutional`: filters over a window, and pooling.

    Attributes:
        family: `convolutional`.
        window: Number of tokens that predict the next one.
        num_layers: Number of convolutional layers.
        kernel_size: Number of positions that a filter covers.
        num_channels: Number of filters of each convolutional layer.
        pooling: `max` or `mean`.
        pool_size: Number of neighbouring positions pooled into one; all of them when not set.
        hidden_size: Size of the hidden layer after pooling.
        embedding_size: Size of the embeddings; hidden_size when not set.
        nonlinearity: σ: `tanh`, `sigmoid` or `relu`.
        tied: Use the embedding table as the weight of the output head too.

    Raises:
        ConfigError: A size is below 1, or convolutions and pooling do not fit the window.
    """

    family: Literal["convolutional"] = "convolutional"
    window: PositiveInt = 6
    num_layers: NumLayers = 1
    kernel_size: PositiveInt = 3
    num_channels: PositiveInt = 400
    pooling: Pooling = "max"
    pool_size: PositiveInt | None = None
    hidden_size: PositiveInt = 400
    embedding_size: PositiveInt | None = None
    nonlinearity: Nonlinearity = "tanh"
    tied: bool = True

    def __post_init__(self) -> None:
        pool_groups(
            self.window,
            num_layers=self.num_layers,
            kernel_size=self.kernel_size,
            pool_size=self.pool_size,
        )

    def describe(self) -> str:
        """Return a short description of the architecture.

        Example:
            >>> ConvolutionalConfig(window=6, kernel_size=3, num_channels=400).describe()
            'window of 6 tokens, 1 convolution of 3 by 400 channels'
        """
        convolutions = "convolution" if self.num_layers == 1 else "convolutions"
        return (
            f"window of {self.window} tokens, {self.num_layers} {convolutions} of "
            f"{self.kernel_size} by {self.num_channels} channels"
        )

    def build(self, network: NetworkSpec) -> WindowLanguageModel:
        """Build the model, with random weights from torch's default generator.

        Raises:
            ConfigError: A backend or a recurrent regularizer is set, or embedding or output do not
                fit.
        """
        require_no_recurrence(network, family=self.family)
        token_layers = build_token_layers(network, tied=self.tied)
        layers = ConvolutionalLayers(
            input_size(token_layers, self.embedding_size, default=self.hidden_size),
            num_channels=self.num_channels,
            hidden_size=self.hidden_size,
            window=self.window,
            num_layers=self.num_layers,
            kernel_size=self.kernel_size,
            pooling=self.pooling,
            pool_size=self.pool_size,
            nonlinearity=self.nonlinearity,
            dropout_between=token_layers.dropout(network.regularization.layer_dropout),
        )
        return WindowLanguageModel(token_layers, family=self.family, layers=layers)
