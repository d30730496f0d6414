"""Settings of the convolutional model, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require_range
from nextword.cells import Nonlinearity
from nextword.embeddings import EmbeddingConfig
from nextword.models.config import MAX_LAYERS, RegularizationConfig, require_no_time_loop
from nextword.models.ends_config import input_size, network_ends
from nextword.models.window import WindowLanguageModel
from nextword.outputs import OutputConfig
from nextword.windows import ConvolutionalLayers, Pooling, pool_groups


@STRICT
@dataclass(frozen=True, kw_only=True)
class ConvolutionalConfig:
    """`model.*` of the family `convolutional`: filters over a window, and pooling.

    Attributes:
        family: `convolutional`.
        window: Tokens that predict the next one.
        num_layers: Convolutions above each other.
        kernel_size: Places that a filter sees.
        num_channels: Filters of each convolution.
        pooling: `max` or `mean`.
        pool_size: Neighbouring places that become one; all when not given.
        hidden_size: Width of the layer that reads what was pooled.
        embedding_size: Width of an embedding; as hidden_size when not given.
        nonlinearity: σ: `tanh`, `sigmoid` or `relu`.
        tied: Whether the embedding table is the output's weight too.

    Raises:
        ConfigError: A size is below 1, or convolutions and pooling do not fit the window.
    """

    family: Literal["convolutional"] = "convolutional"
    window: int = 6
    num_layers: int = 1
    kernel_size: int = 3
    num_channels: int = 400
    pooling: Pooling = "max"
    pool_size: int | None = None
    hidden_size: int = 400
    embedding_size: int | None = None
    nonlinearity: Nonlinearity = "tanh"
    tied: bool = True

    def __post_init__(self) -> None:
        for name in ("window", "num_layers", "kernel_size", "num_channels", "hidden_size"):
            require_range(f"model.{name}", getattr(self, name), low=1)
        require_range("num_layers", self.num_layers, low=1, high=MAX_LAYERS)
        for name in ("pool_size", "embedding_size"):
            require_range(f"model.{name}", getattr(self, name), low=1)
        pool_groups(
            self.window,
            num_layers=self.num_layers,
            kernel_size=self.kernel_size,
            pool_size=self.pool_size,
        )

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> ConvolutionalConfig(window=6, kernel_size=3, num_channels=400).describe()
            'window of 6 tokens, 1 convolution of 3 by 400 channels'
        """
        convolutions = "convolution" if self.num_layers == 1 else "convolutions"
        return (
            f"window of {self.window} tokens, {self.num_layers} {convolutions} of "
            f"{self.kernel_size} by {self.num_channels} channels"
        )

    def build(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        embedding: EmbeddingConfig | None = None,
        output: OutputConfig | None = None,
        backend: str = "auto",
    ) -> WindowLanguageModel:
        """Build the model, its weights drawn from torch's generator.

        Raises:
            ConfigError: A backend or a recurrent regulariser is asked for, or embedding or output
                do not fit.
        """
        require_no_time_loop(self.family, backend=backend, regularization=regularization)
        ends = network_ends(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            tied=self.tied,
            regularization=regularization,
            embedding=embedding,
            output=output,
        )
        layers = ConvolutionalLayers(
            input_size(ends, self.embedding_size, self.hidden_size),
            self.num_channels,
            self.hidden_size,
            window=self.window,
            num_layers=self.num_layers,
            kernel_size=self.kernel_size,
            pooling=self.pooling,
            pool_size=self.pool_size,
            nonlinearity=self.nonlinearity,
            dropout_between=ends.dropout(regularization.layer_dropout),
        )
        return WindowLanguageModel(ends, family=self.family, layers=layers)
