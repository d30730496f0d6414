"""Bengio's model: the vectors of a window concatenated, and hidden layers over them."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from nextword.base import PositiveInt, require_range, settings
from nextword.cells import NONLINEARITIES, Nonlinearity
from nextword.families.contract import NetworkSpec, NeuralModelConfig, NumLayers
from nextword.families.network import build_token_layers, input_size, require_no_recurrence
from nextword.families.window.contract import Places, WindowLayers
from nextword.families.window.model import WindowLanguageModel
from nextword.families.window.unfold import side_by_side
from nextword.layers import LayerTrace
from nextword.tensors import Hidden


class ConcatenatedLayers(WindowLayers):
    """u = [e1;...;ek], h = σ(W u + b), and optionally more such layers above it.

    W has shape (hidden_size, k * input_size): the positions of the window do not share weights, and
    W grows with the window.

    Args:
        input_size: Size of a vector e.
        hidden_size: Size of every hidden layer.
        window: k, the number of vectors in a window.
        num_layers: Number of hidden layers.
        nonlinearity: σ: tanh or sigmoid as in the lectures, or relu.
        step: Distance in the sequence between neighbouring vectors of a window.
        dropout_between: Applied between layers.

    Raises:
        ConfigError: A size is below 1.

    Source: [bengio2003], equation 1; [lecture-000], [lecture-001], [lecture-004].

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
        """Return the settings that the weights' shapes do not show."""
        return f"window={self.window}, step={self.step}, nonlinearity={self.nonlinearity}"

    def forward(self, vectors: Places, *, layer_traces: list[LayerTrace] | None = None) -> Hidden:
        """Return h of every window, (batch, time, hidden_size)."""
        windows = side_by_side(vectors, count=self.window, step=self.step)
        hidden = self._run_layer(self.first, windows, layer_traces)
        for layer in self.above:
            hidden = self._run_layer(layer, self.dropout_between(hidden), layer_traces)
        return hidden

    def _run_layer(
        self, layer: nn.Module, inputs: Tensor, layer_traces: list[LayerTrace] | None
    ) -> Hidden:
        outputs: Hidden = NONLINEARITIES[self.nonlinearity](layer(inputs))
        if layer_traces is not None:
            layer_traces.append(LayerTrace(inputs=inputs, outputs=outputs))
        return outputs


@settings("model")
@dataclass(frozen=True, kw_only=True)
class WindowConfig(NeuralModelConfig):
    """`model.*` of the family `window`: Bengio's feed-forward model.

    Attributes:
        family: `window`.
        window: Number of tokens that predict the next one.
        num_layers: Number of hidden layers.
        hidden_size: Size of each hidden layer.
        embedding_size: Size of the embeddings; hidden_size when not set.
        nonlinearity: σ: `tanh`, `sigmoid` or `relu`.
        tied: Use the embedding table as the weight of the output head too.
        direct: Connect the embeddings to the output head directly too, past the hidden layers.
    """

    family: Literal["window"] = "window"
    window: PositiveInt = 5
    num_layers: NumLayers = 1
    hidden_size: PositiveInt = 400
    embedding_size: PositiveInt | None = None
    nonlinearity: Nonlinearity = "tanh"
    tied: bool = True
    direct: bool = False

    def describe(self) -> str:
        """Return a short description of the architecture.

        Example:
            >>> WindowConfig(window=5, hidden_size=400).describe()
            'window of 5 tokens, 1 hidden layer of 400'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        return (
            f"window of {self.window} tokens, {self.num_layers} hidden {layers} of "
            f"{self.hidden_size}"
        )

    def build(self, network: NetworkSpec) -> WindowLanguageModel:
        """Build the model, with random weights from torch's default generator.

        Raises:
            ConfigError: A backend or a recurrent regularizer is set, or embedding or output do not
                fit.
        """
        require_no_recurrence(network, family=self.family)
        token_layers = build_token_layers(network, tied=self.tied)
        layers = ConcatenatedLayers(
            input_size(token_layers, self.embedding_size, default=self.hidden_size),
            self.hidden_size,
            window=self.window,
            num_layers=self.num_layers,
            nonlinearity=self.nonlinearity,
            dropout_between=token_layers.dropout(network.regularization.layer_dropout),
        )
        return WindowLanguageModel(
            token_layers, family=self.family, layers=layers, direct=self.direct
        )
